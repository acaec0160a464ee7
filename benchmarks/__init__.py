"""What is measured, and against whom: run by ``make bench`` or ``python -m benchmarks``.

Machines are noisy, so every figure stands beside a peer's, measured in the same run and in turns with it.
"""
