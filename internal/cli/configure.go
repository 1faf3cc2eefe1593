package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// configure sets the command's flags that the command line does not set: from the environment, and otherwise from a
// file, if there is one. The variable of a flag is POSTERN_ and its name, unless variables has another. It returns where
// the value of each flag comes from.
func (a *application) configure(command *cobra.Command, path string, variables map[string]string) (origins map[string]string, err error) {
	origins = map[string]string{}
	command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		variable := cmp.Or(variables[flag.Name], "POSTERN_"+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")))
		text := os.Getenv(variable)
		origins[flag.Name] = "--" + flag.Name
		if flag.Changed || text == "" || err != nil || flag.Name == "config" || flag.Name == "help" {
			return
		}
		origins[flag.Name] = variable
		values := []string{text}
		if isList(flag) {
			values = filepath.SplitList(text)
		}
		err = set(command, flag, values, variable)
	})
	if err != nil || path == "" {
		return origins, err
	}
	return origins, a.configureFromFile(command, path, origins)
}

// configureFromFile sets the flags that have no value yet from a file.
func (a *application) configureFromFile(command *cobra.Command, path string, origins map[string]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	document := yaml.Node{}
	if err := yaml.Load(text, &document); err != nil && len(bytes.TrimSpace(text)) > 0 {
		return usageError("%s is not valid YAML: %w", path, err)
	}
	if len(document.Content) == 0 {
		return nil
	}
	settings := document.Content[0]
	if settings.Kind != yaml.MappingNode {
		return usageError("%s, line %d: expected lines like \"workers: 4\"", path, settings.Line)
	}
	given := map[string]bool{}
	hasSecret := false
	for index := 0; index < len(settings.Content); index += 2 {
		key, value := settings.Content[index], settings.Content[index+1]
		place := fmt.Sprintf("%s, line %d", path, key.Line)
		flag := command.Flags().Lookup(key.Value)
		if flag == nil || key.Value == "config" || key.Value == "help" {
			return usageError("%s: there is no setting %q: the settings are the flags of this command", place, key.Value)
		}
		if given[key.Value] {
			return usageError("%s: %s is there twice", place, key.Value)
		}
		given[key.Value] = true
		values, err := texts(value)
		if err != nil || len(values) != 1 && !isList(flag) {
			return usageError("%s: %s must be one value%s", place, key.Value, map[bool]string{true: ", or a list of values"}[isList(flag)])
		}
		hasSecret = hasSecret || (key.Value == "smtp" || key.Value == "database-url") && hasPassword(values[0])
		if key.Value == "database-url" {
			a.configuredURL, a.configuredBy = values[0], place
		} else if !flag.Changed {
			origins[key.Value] = place
			if err := set(command, flag, values, place); err != nil {
				return err
			}
		}
	}
	if about, err := os.Stat(path); err != nil || hasSecret && runtime.GOOS != "windows" && about.Mode().Perm()&0o077 != 0 {
		return cmp.Or(err, fmt.Errorf("%s has a password, and others than its owner have rights on it: chmod 600 %[1]s", path))
	}
	return nil
}

// texts returns the values of a scalar or of a list of scalars.
func texts(node *yaml.Node) ([]string, error) {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	values := make([]string, len(nodes))
	for index, one := range nodes {
		if one.Kind != yaml.ScalarNode || one.ShortTag() == "!!null" {
			return nil, fmt.Errorf("line %d is not a value", one.Line)
		}
		values[index] = one.Value
	}
	return values, nil
}

func isList(flag *pflag.Flag) bool {
	_, is := flag.Value.(pflag.SliceValue)
	return is
}

// set gives a flag its values, which come from origin.
func set(command *cobra.Command, flag *pflag.Flag, values []string, origin string) error {
	for _, value := range values {
		if err := command.Flags().Set(flag.Name, value); err != nil {
			return usageError("%s: %w", origin, err)
		}
	}
	return nil
}
