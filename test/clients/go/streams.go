// Anthropic's and OpenAI's Go SDKs as judges of streams: one request a line on stdin, one verdict a line on stdout.
//
// Owns the calls; what is asked and what is right is decided by the test that starts it. Not retried by the SDKs.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/anthropics/anthropic-sdk-go/v2"
	anthropicOption "github.com/anthropics/anthropic-sdk-go/v2/option"
	"github.com/openai/openai-go/v3"
	openaiOption "github.com/openai/openai-go/v3/option"
)

type request struct {
	Form     string `json:"form"`
	Question string `json:"question"`
}

type verdict struct {
	Heard  string  `json:"heard"`
	Finish *string `json:"finish"`
	Error  *string `json:"error"`
}

func main() {
	url := os.Args[1]
	claude := anthropic.NewClient(
		anthropicOption.WithBaseURL(url), anthropicOption.WithAPIKey("any"), anthropicOption.WithMaxRetries(0))
	compatible := openai.NewClient(
		openaiOption.WithBaseURL(url+"/v1"), openaiOption.WithAPIKey("any"), openaiOption.WithMaxRetries(0))
	forms := map[string]func(string, *strings.Builder) (string, error){
		"messages.create": func(question string, heard *strings.Builder) (string, error) {
			return readEvents(claude, question, heard)
		},
		"messages.stream": func(question string, heard *strings.Builder) (string, error) {
			return accumulate(claude, question, heard)
		},
		"chat.completions": func(question string, heard *strings.Builder) (string, error) {
			return readChunks(compatible, question, heard)
		},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		var heard strings.Builder
		told := verdict{}
		finish, err := forms[asked.Form](asked.Question, &heard)
		if err != nil {
			text := fmt.Sprintf("%T", err)
			told.Error = &text
		} else if finish != "" {
			told.Finish = &finish
		}
		told.Heard = heard.String()
		line, err := json.Marshal(told)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}

func params(question string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model:     "auto",
		MaxTokens: 64,
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	}
}

func readEvents(client anthropic.Client, question string, heard *strings.Builder) (string, error) {
	stream := client.Messages.NewStreaming(context.Background(), params(question))
	defer stream.Close()
	reason := ""
	for stream.Next() {
		event := stream.Current()
		heard.WriteString(event.Delta.Text)
		if event.Type == "message_delta" {
			reason = string(event.Delta.StopReason)
		}
	}
	return reason, stream.Err()
}

// accumulate lets the SDK put the message together, as its examples do.
func accumulate(client anthropic.Client, question string, heard *strings.Builder) (string, error) {
	stream := client.Messages.NewStreaming(context.Background(), params(question))
	defer stream.Close()
	message := anthropic.Message{}
	for stream.Next() {
		if err := message.Accumulate(stream.Current()); err != nil {
			return "", err
		}
	}
	for _, block := range message.Content {
		heard.WriteString(block.Text)
	}
	return string(message.StopReason), stream.Err()
}

func readChunks(client openai.Client, question string, heard *strings.Builder) (string, error) {
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model:               "auto",
		MaxCompletionTokens: openai.Int(64),
		Messages:            []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
	})
	defer stream.Close()
	reason := ""
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			heard.WriteString(choice.Delta.Content)
			if choice.FinishReason != "" {
				reason = choice.FinishReason
			}
		}
	}
	return reason, stream.Err()
}
