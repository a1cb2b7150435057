"""The scores of `alb-triage`'s ranking, written the straightforward way with numpy: robust z, Pearson at every
circular shift of the errors' shape, and the margin over what 95 of 100 shifts far from the truth reach.

analysis.py FILE SERIES POINTS FIRST LAST RUNS: float64 values, one row a series; prints the best run's milliseconds.
Run by `cargo bench --bench analysis`.
"""

import sys
import time

import numpy as np


def scores(values, first, last, lags=5):
    n = values.shape[1]
    middle = np.median(values, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(values - middle), axis=1, keepdims=True)
    z = np.clip((values - middle) / np.maximum(spread, 1e-9), -12, 12)
    z = z - z.mean(axis=1, keepdims=True)
    z /= np.maximum(np.sqrt((z * z).sum(axis=1, keepdims=True)), 1e-12)
    pulse = np.zeros(n)
    pulse[first:last] = 1.0
    pulse -= pulse.mean()
    pulse /= np.sqrt((pulse * pulse).sum())
    shifted = np.stack([np.roll(pulse, lag) for lag in range(n)], axis=1)
    r = np.abs(z @ shifted)
    # The best within the allowed lags, at every shift.
    around = np.concatenate([r[:, -lags:], r, r[:, :lags]], axis=1)
    best = np.lib.stride_tricks.sliding_window_view(around, 2 * lags + 1, axis=1).max(axis=2)
    guard = lags + (last - first) + 1
    null = best[:, guard : n - guard]
    return best[:, 0] - np.quantile(null, 0.95, axis=1)


def main():
    path, series, points, first, last, runs = sys.argv[1], *map(int, sys.argv[2:7])
    values = np.fromfile(path).reshape(series, points)
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        scores(values, first, last)
        took.append(time.perf_counter() - begun)
    print(1000 * min(took))


main()
