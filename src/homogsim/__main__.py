"""`python -m homogsim`: the command where its script is not on the path."""

from homogsim.cli import main

if __name__ == "__main__":
    main()
