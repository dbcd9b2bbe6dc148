from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, false_discovery_control, hypergeom, kendalltau, poisson, theilslopes

from helpdesk_wellbeing.statistics import (
    all_hits_here,
    benjamini_hochberg,
    binomial_upper_tail,
    cusum_scale,
    cusum_step,
    funnel_limits,
    mann_kendall,
    median_and_mad,
    normal_upper_tail,
    overdispersion,
    poisson_upper_tail,
    robust_z,
    shrunk_rate,
    theil_sen,
    wilson,
)

NAN = float("nan")
OPEN_WORK = [14, 15, 13, 16, 14, 15, 17, 14, 13, 15, 16, 14, 15, 18, 14, 15, 13, 16, 15, 14]
TOUCHED = [30, 32, 29, 31, 33, 30, 28, 31, 32, 30, 29, 31, 30, 33, 31, 30, 29, 32, 31, 30]
BACKLOG = [120, 124, 123, 130, 133, 137, 136, 143, 147, 150]
EIGHT_P = [0.01966, 0.04, 0.21, 0.33, 0.48, 0.55, 0.77, 0.90]


def floats(*numbers):
    return np.array(numbers, dtype=np.float64)


def test_median_and_mad_of_a_steady_sample():
    median, mad, count = median_and_mad(floats(*OPEN_WORK)[None, :])

    assert (median[0], mad[0], count[0]) == (15, 1, 20)


def test_missing_numbers_are_left_out():
    median, mad, count = median_and_mad(floats(NAN, 4, 1, NAN, 9, 10)[None, :])

    assert (median[0], mad[0], count[0]) == (6.5, 3, 4)


def test_a_row_without_numbers_has_no_median():
    median, mad, count = median_and_mad(floats(NAN, NAN)[None, :])

    assert np.isnan(median[0])
    assert np.isnan(mad[0])
    assert count[0] == 0


@pytest.mark.parametrize(("x", "z"), [(19, 1.799), (22, 3.148), (27, 5.396)])
def test_the_floor_under_the_spread_keeps_a_steady_count_quiet(x, z):
    assert robust_z(floats(x), floats(15), floats(1))[0] == pytest.approx(z, abs=0.001)


def test_a_spread_of_zero_does_not_divide_by_zero():
    median, mad, _ = median_and_mad(floats(*[10] * 7, 12)[None, :])

    assert (median[0], mad[0]) == (10, 0)
    assert robust_z(floats(14), median, mad)[0] == pytest.approx(2.698, abs=0.001)


def cusum(observed):
    median, mad, _ = median_and_mad(floats(*TOUCHED)[None, :])
    scale = cusum_scale(median, mad)
    sums, c = [], floats(0)
    for x in observed:
        c = cusum_step(c, (x - median) / scale)
        sums.append(float(c[0]))
    return sums


def test_the_scale_of_the_cumulative_sum_has_a_floor():
    assert cusum_scale(floats(30.5), floats(0.5))[0] == pytest.approx(2.260965)


def test_small_rises_add_up():
    assert cusum([31, 34, 35, 36, 34, 37]) == pytest.approx([0, 1.048, 2.538, 4.471, 5.519, 7.894], abs=0.001)


def test_one_freak_day_cannot_signal():
    assert cusum([31, 60, 31, 30]) == pytest.approx([0, 2.5, 2.221, 1.5], abs=0.001)


def test_wilson_interval_of_known_counts():
    low, high = wilson(floats(18, 40 * 0.225, 0), floats(90, 40, 10))

    assert low == pytest.approx([0.1304, 0.1232, 0.0], abs=0.0001)
    assert high == pytest.approx([0.2941, 0.3750, 0.2775], abs=0.0001)


@settings(deadline=None)
@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0.5, 5))
def test_wilson_bounds_hold_the_rate_and_stay_between_0_and_1(n, share, z):
    x = float(round(share * n))

    low, high = wilson(floats(x), floats(n), z)

    assert 0 <= low[0] <= x / n <= high[0] <= 1


def test_nothing_tried_has_no_interval():
    low, high = wilson(floats(0), floats(0))

    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_a_small_sample_is_pulled_to_the_reference():
    shrunk = shrunk_rate(floats(18, 2), floats(90, 6), floats(65 / 746, 81 / 830))

    assert shrunk == pytest.approx([0.1597, 0.1228], abs=0.0001)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.001, 0.999))
def test_the_binomial_tail_is_scipys(x, n, p):
    assert binomial_upper_tail(floats(x), floats(n), floats(p))[0] == pytest.approx(
        binom.sf(x - 1, n, p), rel=1e-9, abs=1e-12
    )


@settings(deadline=None)
@given(st.integers(0, 60), st.floats(0.001, 50))
def test_the_poisson_tail_is_scipys(x, mean):
    assert poisson_upper_tail(floats(x), floats(mean))[0] == pytest.approx(poisson.sf(x - 1, mean), rel=1e-9, abs=1e-12)


def test_tails_of_known_counts():
    assert poisson_upper_tail(floats(11, 14), floats(37 / 7, 37 / 7)) == pytest.approx([0.01966, 0.001173], abs=1e-5)
    assert binomial_upper_tail(floats(18), floats(90), floats(65 / 746))[0] == pytest.approx(6.89e-4, abs=1e-6)
    assert normal_upper_tail(floats(1.959963984540054))[0] == pytest.approx(0.025)


def test_all_hits_in_one_sample_is_fishers_test():
    chance = all_hits_here(floats(5, 20), floats(200, 100), floats(3, 500))

    assert chance == pytest.approx([hypergeom.sf(4, 203, 5, 200), hypergeom.sf(19, 600, 20, 100)])


def test_adjusted_p_values_of_known_ones():
    assert benjamini_hochberg(floats(*EIGHT_P))[0] == pytest.approx(0.157, abs=0.001)
    assert benjamini_hochberg(floats(6.89e-4, 9.88e-3, 0.502, 1.0)) == pytest.approx(
        [0.00276, 0.0198, 0.669, 1.0], abs=0.001
    )


def test_what_is_no_member_of_the_family_does_not_count():
    assert benjamini_hochberg(floats(0.01, NAN, 0.5))[0] == pytest.approx(0.02)
    assert np.isnan(benjamini_hochberg(floats(0.01, NAN, 0.5))[1])
    assert np.isnan(benjamini_hochberg(floats(NAN))).all()


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_adjusted_p_values_keep_the_order_and_never_sink(p):
    adjusted = benjamini_hochberg(p)

    assert (adjusted >= p).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
    assert adjusted == pytest.approx(false_discovery_control(p, method="bh"))


@settings(deadline=None)
@given(st.integers(1, 25), st.integers(0, 24))
def test_a_smaller_p_value_never_raises_an_adjusted_one(n, which):
    p = np.linspace(0.01, 0.9, n)
    lower = p.copy()
    lower[which % n] /= 2

    assert (benjamini_hochberg(lower) <= benjamini_hochberg(p) + 1e-12).all()


def test_overdispersion_is_not_moved_by_one_outlier():
    assert overdispersion(floats(*[-1, 1] * 10)) == pytest.approx(1)
    assert overdispersion(floats(*[-1, 1] * 10, 1000)) == pytest.approx(1)


def test_funnel_limits_of_a_known_rate():
    rate = 83 / 836

    assert funnel_limits(90, rate)["alert"] == pytest.approx((0.0444, 0.1667), abs=0.0001)
    assert funnel_limits(90, rate)["alarm"] == pytest.approx((0.0222, 0.2111), abs=0.0001)
    assert funnel_limits(40, rate)["alert"] == pytest.approx((0.025, 0.2))
    assert funnel_limits(40, rate)["alarm"] == pytest.approx((0, 0.275))


def test_a_growing_backlog_has_a_slope_and_a_small_p():
    rows = floats(*BACKLOG)[None, :]

    s, p = mann_kendall(rows)

    assert theil_sen(rows)[0] == pytest.approx(3.333, abs=0.001)
    assert s[0] == 41
    assert p[0] == pytest.approx(2.98e-5, abs=1e-7)


@settings(deadline=None)
@given(arrays(np.float64, (3, 10), elements=st.integers(0, 10**6).map(float), unique=True))
def test_slope_and_p_are_scipys_where_no_values_are_equal(rows):
    assert theil_sen(rows) == pytest.approx([theilslopes(row).slope for row in rows])
    exact = [kendalltau(range(10), row, method="exact").pvalue for row in rows]
    assert mann_kendall(rows)[1] == pytest.approx(exact)


@pytest.mark.parametrize("row", [(1, 1, 2, 3, 3, 3), (5, 5, 5, 5, 5, 5), (0, 2, 2, 1, 2, 0), (1, 2, 3, 4, 5, 5)])
def test_with_equal_values_p_is_that_of_all_orders(row):
    orders = floats(*permutations(row)).reshape(-1, 6)
    s_of_all = np.abs(mann_kendall(orders)[0])

    s, p = mann_kendall(floats(*row)[None, :])

    assert p[0] == pytest.approx((s_of_all >= abs(s[0])).mean())
