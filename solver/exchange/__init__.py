"""Programs in files that other solvers read, and what those solvers answer.

``formats`` writes and reads files and knows programs only; ``questions`` knows where a program
comes from, and checks an answer against the question.
"""
