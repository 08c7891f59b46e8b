"""OpenAI's Python SDK over the Responses API: prints, as JSON, what it read of answers at once, as a stream and parsed."""

import json
import sys

from openai import OpenAI
from pydantic import BaseModel


class City(BaseModel):
    city: str


url, key, prompt = sys.argv[1:4]
client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
created = client.responses.create(model="auto", input=prompt)
followed = client.responses.create(model="auto", input="And then?", previous_response_id=created.id)
with client.responses.stream(model="auto", input=prompt) as stream:
    types = [event.type for event in stream]
    streamed = stream.get_final_response()
parsed = client.responses.parse(model="auto", input=prompt, text_format=City)
print(
    json.dumps(
        {
            "created": created.output_text,
            "status": created.status,
            "tokens": created.usage.total_tokens,
            "previous": followed.previous_response_id == created.id,
            "streamed": streamed.output_text,
            "last": types[-1],
            "parsed": parsed.output_parsed.model_dump(),
            "kept": client.responses.retrieve(created.id).output_text,
        }
    )
)
