"""Statistics for small samples, over whole columns at once.

Every function takes and gives NumPy arrays (or plain numbers) and knows no fact and no rule. "Row-wise"
functions take a matrix, a series a row, and give one number a row. SciPy is imported where it is needed,
because it is slow to load.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Z_95 = 1.959963984540054  # two-sided 95 %
Z_PER_MAD = 0.6745  # Iglewicz and Hoaglin's modified z-score
SIGMA_PER_MAD = 1.4826  # the same number from the other side: sigma of a normal sample with that MAD


def median_and_mad(rows: Floats) -> tuple[Floats, Floats, Ints]:
    """Row-wise median, median absolute deviation from it, and how many numbers there were; NaN is no number.

    Rows without a number have NaN for both.
    """
    median, count = _row_medians(rows)
    deviation, _ = _row_medians(np.abs(rows - median[:, None]))
    return median, deviation, count


def row_medians(rows: Floats) -> Floats:
    """Row-wise median that leaves NaN out."""
    return _row_medians(rows)[0]


def _row_medians(rows: Floats) -> tuple[Floats, Ints]:
    if rows.shape[1] == 0:
        return np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int64)
    ordered = np.sort(rows, axis=1)  # NaN goes last
    count = np.count_nonzero(~np.isnan(rows), axis=1)
    line = np.arange(len(rows))
    low = ordered[line, np.maximum(count - 1, 0) // 2]
    high = ordered[line, np.minimum(count // 2, rows.shape[1] - 1)]
    middle = np.where(count % 2 == 1, low, (low + high) / 2)
    return np.where(count > 0, middle, np.nan), count


def robust_z(x: Floats, median: Floats, mad: Floats, unit: float = 1.0) -> Floats:
    """0.6745 (x - median) / max(MAD, a tenth of the median, one unit): the floor keeps steady counts from
    alarming.
    """
    return np.asarray(Z_PER_MAD * (x - median) / robust_scale(median, mad, unit))


def robust_scale(median: Floats, mad: Floats, unit: float = 1.0) -> Floats:
    """What `robust_z` divides by: max(MAD, a tenth of the median, one unit)."""
    return np.asarray(np.maximum(np.maximum(mad, 0.1 * median), unit))


def cusum_scale(median: Floats, mad: Floats, unit: float = 1.0) -> Floats:
    """1.4826 max(MAD, a twentieth of the median, half a unit)."""
    return np.asarray(SIGMA_PER_MAD * np.maximum(np.maximum(mad, 0.05 * median), 0.5 * unit))


def cusum_step(before: Floats, z: Floats, slack: float = 0.5, clip: float = 3.0) -> Floats:
    """One step of the one-sided cumulative sum; z is cut off at `clip`, so that one freak day cannot
    signal.
    """
    return np.asarray(np.maximum(0.0, before + np.minimum(z, clip) - slack))


def wilson(x: Floats, n: Floats, z: Floats | float = Z_95) -> tuple[Floats, Floats]:
    """Wilson's score interval of x out of n, clipped to 0..1; NaN where n is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = x / n
        shrink = 1 + z * z / n
        centre = (rate + z * z / (2 * n)) / shrink
        half = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / shrink
    low = np.where(x <= 0, np.where(n > 0, 0.0, np.nan), np.clip(centre - half, 0.0, 1.0))
    high = np.where(x >= n, np.where(n > 0, 1.0, np.nan), np.clip(centre + half, 0.0, 1.0))
    return low, high


def shrunk_rate(x: Floats, n: Floats, p0: Floats, weight: float = 50.0) -> Floats:
    """Mean of the Beta-binomial posterior with prior rate p0 that weighs as much as `weight` tickets."""
    return np.asarray((x + weight * p0) / (n + weight))


def binomial_upper_tail(x: Floats, n: Floats, p: Floats) -> Floats:
    """P(Bin(n, p) >= x)."""
    from scipy.special import betainc

    inside = (x > 0) & (x <= n)
    tail = betainc(np.where(inside, x, 1.0), np.where(inside, n - x + 1, 1.0), p)
    return np.asarray(np.where(x <= 0, 1.0, np.where(x > n, 0.0, tail)))


def poisson_upper_tail(x: Floats, mean: Floats) -> Floats:
    """P(Pois(mean) >= x)."""
    from scipy.special import gammainc

    return np.asarray(np.where(x <= 0, 1.0, gammainc(np.maximum(x, 1.0), mean)))


def normal_upper_tail(z: Floats) -> Floats:
    """P(N(0, 1) > z)."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-np.asarray(z)))


def all_hits_here(x: Floats, n: Floats, other_n: Floats) -> Floats:
    """Chance that all of x hits fall into a sample of n when `other_n` more were drawn (Fisher's exact
    test).

    It stands in for the binomial test where the others have no hit, because a reference rate of zero from a
    few tickets would make anything significant.
    """
    from scipy.special import gammaln

    total = n + other_n
    logarithm = gammaln(n + 1) - gammaln(n - x + 1) - gammaln(total + 1) + gammaln(total - x + 1)
    return np.asarray(np.exp(logarithm))


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values of one family; compare them with q. NaN is no member and stays NaN.

    The same numbers as SciPy's `false_discovery_control`; `scipy.stats` takes longer to load than all of
    this to run.
    """
    adjusted = np.full(len(p), np.nan)
    members = np.flatnonzero(~np.isnan(p))
    if len(members):
        order = members[np.argsort(p[members])]
        stepped = p[order] * (len(order) / np.arange(1, len(order) + 1))
        adjusted[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    return adjusted


def overdispersion(z: Floats) -> float:
    """Mean square of z after winsorising at its 10th and 90th percentile; above 1 the spread exceeds
    chance.
    """
    low, high = np.quantile(z, [0.1, 0.9])
    return float(np.mean(np.clip(z, low, high) ** 2))


def funnel_limits(n: int, rate: float) -> dict[str, tuple[float, float]]:
    """Exact binomial limits of a funnel plot around `rate`: "alert" (2.5-97.5 %) and "alarm" (0.1-99.9 %)."""
    hits = np.arange(n + 1, dtype=np.float64)
    at_most = 1 - binomial_upper_tail(hits + 1, np.full(n + 1, float(n)), np.full(n + 1, rate))
    tails = {"alert": 0.025, "alarm": 0.001}
    return {
        name: (float(np.argmax(at_most >= tail)) / n, float(np.argmax(at_most >= 1 - tail)) / n)
        for name, tail in tails.items()
    }


def theil_sen(rows: Floats) -> Floats:
    """Row-wise median of all pairwise slopes, per step; NaN where a row holds one."""
    first, second = np.triu_indices(rows.shape[1], k=1)
    return np.asarray(np.median((rows[:, second] - rows[:, first]) / (second - first), axis=1))


def mann_kendall(rows: Floats) -> tuple[Ints, Floats]:
    """Row-wise Kendall's S against time and its exact two-sided p-value, ties included.

    SciPy's exact p-value needs values without ties, which daily counts are not: with ties the number of
    inversions of a random order follows the Gaussian multinomial coefficient of the sizes of the ties. Rows
    hold no NaN.
    """
    first, second = np.triu_indices(rows.shape[1], k=1)
    s = np.sign(rows[:, second] - rows[:, first]).sum(axis=1).astype(np.int64)
    equal = (rows[:, :, None] == rows[:, None, :]).sum(axis=2)
    ties = np.sort(equal, axis=1)  # a tie of t values appears as t times t
    patterns, member = np.unique(ties, axis=0, return_inverse=True)
    member = member.reshape(-1)
    p = np.ones(len(rows))
    for i, pattern in enumerate(patterns):
        sizes, times = np.unique(pattern, return_counts=True)
        tie_sizes = tuple(int(t) for t, k in zip(sizes, times, strict=True) for _ in range(k // t))
        tails = _tails_of_s(tie_sizes)
        here = member == i
        p[here] = tails[np.abs(s[here])]
    return s, p


@lru_cache(maxsize=256)
def _tails_of_s(tie_sizes: tuple[int, ...]) -> Floats:
    """P(|S| >= s) for s = 0..n(n-1)/2 of a random order of values with these ties."""
    n = sum(tie_sizes)
    ways = np.ones(1)
    placed = 0
    for size in tie_sizes:
        placed += size
        ways = np.convolve(ways, _gaussian_binomial(placed, size))
    pairs = len(ways) - 1  # pairs that are not tied
    s = pairs - 2 * np.arange(pairs + 1)
    at_least = np.zeros(n * (n - 1) // 2 + 1)
    np.add.at(at_least, np.abs(s), ways / ways.sum())
    return np.asarray(np.minimum(1.0, np.cumsum(at_least[::-1])[::-1]))


@lru_cache(maxsize=256)
def _gaussian_binomial(n: int, k: int) -> Floats:
    """Coefficients of the q-binomial [n over k]: how many ways to interleave k among n with i inversions."""
    if k == 0 or k == n:
        return np.ones(1)
    without = _gaussian_binomial(n - 1, k)
    with_shift = np.concatenate([np.zeros(n - k), _gaussian_binomial(n - 1, k - 1)])
    total = np.zeros(max(len(without), len(with_shift)))
    total[: len(without)] += without
    total[: len(with_shift)] += with_shift
    return total
