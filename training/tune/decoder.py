"""The decoder in torch. The layers that the judge reads stay as they are. Of those above, either codes stay and block scales,
offsets and norms learn: then the result is again exactly a Q4_1 model, and nothing is rounded after training (Kim et al.
2023, "Memory-Efficient Fine-Tuning of Compressed Large Language Models via sub-4-bit Integer Quantization"). Or all weights
learn, which quantize.py rounds. Of the embedding one row learns: that of the token that hands over, which the source never
used.
"""
import torch
import torch.nn.functional as F
from torch import nn

from source_weights import HEAD_DIM, HEADS, KV_HEADS, MATRICES

# The judge's head reads what enters this layer: everything below is the source's own, bit for bit.
FIRST_TUNED = 16
ROPE_THETA = 100000.0
EPSILON = 1e-5


class QuantizedLinear(nn.Module):
    def __init__(self, codes, scales, offsets):
        super().__init__()
        self.register_buffer("codes", torch.tensor(codes))
        self.register_buffer("scales", torch.tensor(scales))
        self.register_buffer("offsets", torch.tensor(offsets))
        self.scale_shift = nn.Parameter(torch.zeros(scales.shape))  # relative to the scale
        self.offset_shift = nn.Parameter(torch.zeros(scales.shape))  # in units of eight scales, half a block's range

    def tuned(self):
        return self.scales * (1 + self.scale_shift), self.offsets + 8 * self.scales * self.offset_shift

    def weight(self):
        scales, offsets = self.tuned()
        return (scales[..., None] * self.codes + offsets[..., None]).flatten(1)

    def arrays(self):
        """What training moved, by the last part of its name."""
        scales, offsets = self.tuned()
        return {"codes": self.codes, "scales": scales, "offsets": offsets}

    def forward(self, x):
        return F.linear(x, self.weight().to(x.dtype))


class WholeLinear(nn.Module):
    """All weights learn, each by itself."""

    def __init__(self, codes, scales, offsets):
        super().__init__()
        self.weight = nn.Parameter(QuantizedLinear(codes, scales, offsets).weight().detach())

    def arrays(self):
        return {"weight": self.weight}

    def forward(self, x):
        return F.linear(x, self.weight.to(x.dtype))


class FrozenLinear(nn.Module):
    def __init__(self, codes, scales, offsets, dtype):
        super().__init__()
        self.register_buffer("weight", QuantizedLinear(codes, scales, offsets).weight().detach().to(dtype))

    def forward(self, x):
        return F.linear(x, self.weight)


def rms_norm(x, weight):
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON) * weight).to(x.dtype)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Layer(nn.Module):
    def __init__(self, weights, linear):
        super().__init__()
        self.attn_norm = nn.Parameter(torch.tensor(weights["attn_norm"]))
        self.ffn_norm = nn.Parameter(torch.tensor(weights["ffn_norm"]))
        for name in MATRICES:
            setattr(self, name, linear(*weights[name]))

    def forward(self, x, cos, sin):
        batch, length, _ = x.shape
        q, k, v = self.qkv(rms_norm(x, self.attn_norm)).split([n * HEAD_DIM for n in (HEADS, KV_HEADS, KV_HEADS)], -1)
        heads = lambda t, n: t.view(batch, length, n, HEAD_DIM).transpose(1, 2)
        q, k, v = rotate(heads(q, HEADS), cos, sin), rotate(heads(k, KV_HEADS), cos, sin), heads(v, KV_HEADS)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, 1) for t in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(rms_norm(x, self.ffn_norm)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    """Padding stands at the end: causal attention keeps it from changing anything before it."""

    def __init__(self, weights, hand_over, dtype=torch.bfloat16, linear=QuantizedLinear, context=2048):
        """`weights` as load_source returns them, `hand_over` the id of the token whose row learns, `linear` the class of the
        layers above."""
        super().__init__()
        frozen = lambda *parts: FrozenLinear(*parts, dtype)
        below, above = weights["layers"][:FIRST_TUNED], weights["layers"][FIRST_TUNED:]
        self.dtype = dtype
        self.hand_over = hand_over
        self.hand_over_row = nn.Parameter(torch.tensor(weights["embed"][hand_over]))
        self.register_buffer("embed", torch.tensor(weights["embed"]).to(dtype))
        self.below = nn.ModuleList(Layer(w, frozen) for w in below).requires_grad_(False)
        self.above = nn.ModuleList(Layer(w, linear) for w in above)
        self.final_norm = nn.Parameter(torch.tensor(weights["final_norm"]))
        angles = torch.outer(
            torch.arange(context).float(), 1 / ROPE_THETA ** (torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
        )
        self.register_buffer("cos", angles.cos().to(dtype))
        self.register_buffer("sin", angles.sin().to(dtype))

    def through(self, layers, x):
        length = x.shape[1]
        for layer in layers:
            x = layer(x, self.cos[:length], self.sin[:length])
        return x

    @torch.no_grad()
    def states(self, ids):
        """What enters the first tuned layer: [batch, length, hidden] for ids [batch, length]. The same in every epoch."""
        return self.through(self.below, self.embed[ids])

    def forward(self, states, kept):
        """Logits [number of kept, vocabulary] at the positions where `kept` [batch, length] is true."""
        x = self.through(self.above, states)
        x = rms_norm(x[kept], self.final_norm)
        logits = F.linear(x, self.embed).float()
        hand_over = F.linear(x.float(), self.hand_over_row[None])
        return torch.cat([logits[:, : self.hand_over], hand_over, logits[:, self.hand_over + 1 :]], -1)

    def tuned(self):
        """What training moved, for write_model.py: arrays by name."""
        arrays = {"final_norm": self.final_norm, f"embed.{self.hand_over}": self.hand_over_row}
        for i, layer in enumerate(self.above, FIRST_TUNED):
            arrays |= {f"{i}.attn_norm": layer.attn_norm, f"{i}.ffn_norm": layer.ffn_norm}
            for name in MATRICES:
                arrays |= {f"{i}.{name}.{part}": value for part, value in getattr(layer, name).arrays().items()}
        return {name: value.detach().cpu().numpy() for name, value in arrays.items()}
