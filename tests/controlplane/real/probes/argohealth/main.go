// Command argohealth runs a health script the way Argo CD does: in Lua, with the object as the global obj and the base,
// package and table libraries, nothing else; the script returns a table with status and message.
//
//	argohealth SCRIPT
//
// It reads a JSON list of objects (a list of kubectl, or an array) on its standard input and prints a line for each:
// kind/namespace/name, status and message.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: argohealth SCRIPT <OBJECTS")
		os.Exit(2)
	}
	if err := report(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "argohealth:", err)
		os.Exit(1)
	}
}

func report(path string, in io.Reader, out io.Writer) error {
	script, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var input any
	if err := json.NewDecoder(in).Decode(&input); err != nil {
		return err
	}
	if list, ok := input.(map[string]any); ok {
		input = list["items"]
	}
	objects, ok := input.([]any)
	if !ok {
		return fmt.Errorf("neither an array of objects nor a list")
	}
	for _, object := range objects {
		status, message, err := health(string(script), object)
		if err != nil {
			return fmt.Errorf("%s: %w", identity(object), err)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", identity(object), status, message)
	}
	return nil
}

func health(script string, object any) (status, message string, err error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return "", "", err
		}
	}
	state.SetGlobal("obj", luajson.DecodeValue(state, object))
	if err := state.DoString(script); err != nil {
		return "", "", err
	}
	result, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return "", "", fmt.Errorf("the script returned no table")
	}
	return lua.LVAsString(result.RawGetString("status")), lua.LVAsString(result.RawGetString("message")), nil
}

func identity(object any) string {
	var named struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
	}
	if text, err := json.Marshal(object); err == nil {
		_ = json.Unmarshal(text, &named)
	}
	return fmt.Sprintf("%s/%s/%s", named.Kind, named.Metadata.Namespace, named.Metadata.Name)
}
