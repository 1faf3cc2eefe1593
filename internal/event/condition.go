package event

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// maximumNodes bounds the work of a condition. A condition has no loops, so each part of it runs once.
const maximumNodes = 500

// Condition decides whether an action delivers an event.
type Condition struct{ program *vm.Program }

// CompileCondition checks an expression over the parameters of an event, such as
//
//	gate_id == "SINWOF_APPROVE" && message contains "Acme"
//
// It must be true or false. There are comparisons, and, or, not, in, contains, startsWith, endsWith, matches, and the
// functions lower, upper, trim and len. Errors name the place.
func CompileCondition(text string) (*Condition, error) {
	program, err := expr.Compile(text, expr.Env(sample()), expr.AsBool(), expr.MaxNodes(maximumNodes), expr.Optimize(false))
	if err != nil {
		return nil, fmt.Errorf("the condition is not usable: %w", err)
	}
	checked := program.Node()
	loops := &loopFinder{}
	ast.Walk(&checked, loops)
	if loops.found != "" {
		return nil, fmt.Errorf("the condition is not usable: there is no %s", loops.found)
	}
	return &Condition{program}, nil
}

func (c *Condition) holds(parameters map[string]any) (bool, error) {
	result, err := expr.Run(c.program, parameters)
	if err != nil {
		return false, permanent("the condition failed: %w", err)
	}
	holds, isBoolean := result.(bool)
	if !isBoolean {
		return false, permanent("the condition gave %T", result)
	}
	return holds, nil
}

// loopFinder finds everything that may be slow: loops, ranges, and all functions except a few.
type loopFinder struct{ found string }

var conditionFunctions = []string{"lower", "upper", "trim", "len"}

// Visit implements ast.Visitor.
func (f *loopFinder) Visit(node *ast.Node) {
	switch node := (*node).(type) {
	case *ast.IdentifierNode:
		if _, known := sample()[node.Value]; !known {
			f.found = node.Value
		}
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.UnaryNode, *ast.ArrayNode, *ast.ConditionalNode:
	case *ast.BinaryNode:
		if node.Operator == ".." || node.Operator == "+" {
			f.found = "operator " + node.Operator
		}
	case *ast.BuiltinNode:
		if !slices.Contains(conditionFunctions, node.Name) {
			f.found = "function " + node.Name
		}
	default:
		f.found = fmt.Sprintf("%q", node)
	}
}
