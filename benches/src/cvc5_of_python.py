#!/usr/bin/env python3
"""SMT-LIB on standard input to answers on standard output, by the cvc5 of Python.

Stands in for the program `cvc5` where only the package is there:
`pip install cvc5==1.3.1`, then `CVC5=benches/src/cvc5_of_python.py`. What the
benches write is handed over in one piece up to each line that asks something.
"""

import sys

import cvc5

ASKS = {"(check-sat)", "(get-model)"}


def main():
    # `--name=value` are options of the solver; `--lang smt` is what it reads anyway.
    options = [word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word]
    solver = cvc5.Solver()
    if "--version" in sys.argv:
        print("This is cvc5 version", solver.getVersion().decode())
        return
    symbols = cvc5.SymbolManager(solver)
    parser = cvc5.InputParser(solver, symbols)

    def set_options():
        for name, value in options:
            solver.setOption(name, value)

    set_options()
    pending = []
    for line in sys.stdin:
        pending.append(line)
        if line.strip() not in ASKS:
            continue
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, "".join(pending), "standard input")
        pending.clear()
        while not (command := parser.nextCommand()).isNull():
            said = command.invoke(solver, symbols)
            if command.getCommandName() == "reset":
                set_options()
            sys.stdout.write(said)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
