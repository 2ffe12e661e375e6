// Command kstatus tells what Flux and other users of kstatus make of objects.
//
// It reads a JSON list of objects (a list of kubectl, or an array) on its standard input and prints a line for each:
// kind/namespace/name, the word of kstatus, and its message.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

func report(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	objects, err := items(text)
	if err != nil {
		return err
	}
	for _, raw := range objects {
		// UnmarshalJSON keeps whole numbers whole: as floats, generations would not be readable.
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(raw); err != nil {
			return err
		}
		result, err := status.Compute(object)
		if err != nil {
			return fmt.Errorf("%s/%s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
		}
		fmt.Fprintf(out, "%s/%s/%s\t%s\t%s\n",
			object.GetKind(), object.GetNamespace(), object.GetName(), result.Status, result.Message)
	}
	return nil
}

func items(text []byte) ([]json.RawMessage, error) {
	var array []json.RawMessage
	if json.Unmarshal(text, &array) == nil {
		return array, nil
	}
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("neither an array of objects nor a list: %w", err)
	}
	if list.Items == nil {
		return nil, fmt.Errorf("neither an array of objects nor a list")
	}
	return list.Items, nil
}
