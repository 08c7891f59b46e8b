"""Anthropic's and OpenAI's Python SDKs as judges of streams: one request a line on stdin, one verdict a line on stdout.

Owns the calls; what is asked and what is right is decided by the test that starts it. Not retried by the SDKs.
"""

import json
import sys

import anthropic
import openai

URL = sys.argv[1]
messages = anthropic.Anthropic(base_url=URL, api_key="any", max_retries=0).messages
completions = openai.OpenAI(base_url=f"{URL}/v1", api_key="any", max_retries=0).chat.completions


def asked(question):
    return [{"role": "user", "content": question}]


def accumulated(question, heard):
    with messages.stream(model="auto", max_tokens=64, messages=asked(question)) as stream:
        for text in stream.text_stream:
            heard.append(text)
        return stream.get_final_message().stop_reason


def raw(question, heard):
    reason = None
    for event in messages.create(model="auto", max_tokens=64, messages=asked(question), stream=True):
        if event.type == "content_block_delta":
            heard.append(event.delta.text)
        elif event.type == "message_delta":
            reason = event.delta.stop_reason
    return reason


def chat(question, heard):
    reason = None
    for chunk in completions.create(
        model="auto", max_completion_tokens=64, messages=asked(question), stream=True
    ):
        for choice in chunk.choices:
            heard.append(choice.delta.content or "")
            reason = choice.finish_reason or reason
    return reason


FORMS = {"messages.stream": accumulated, "messages.create": raw, "chat.completions": chat}

for line in sys.stdin:
    request = json.loads(line)
    heard, finish, error = [], None, None
    try:
        finish = FORMS[request["form"]](request["question"], heard)
    except (anthropic.AnthropicError, openai.OpenAIError) as thrown:
        error = type(thrown).__name__
    print(json.dumps({"heard": "".join(heard), "finish": finish, "error": error}), flush=True)
