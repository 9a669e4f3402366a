"""The distributions that intervals and verdicts take, by SciPy, which is imported when one is first asked for.

It takes a fifth of a second, which whoever has no figure to judge, or has them judged already, need not wait for.
"""


def student_cdf(degrees: float, t: float) -> float:
    """Return how probable a value of at most t is in Student's t distribution."""
    from scipy.special import stdtr

    return float(stdtr(degrees, t))


def student_quantile(degrees: float, probability: float) -> float:
    """Return the value that is not exceeded with a probability in Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def noncentrality(degrees: float, probability: float, t: float) -> float:
    """Return the noncentrality of Student's t distribution in which a value of at most t has that probability."""
    from scipy.special import nctdtrinc

    return float(nctdtrinc(degrees, probability, t))


def chi_square_exceeded(degrees: float, probability: float) -> float:
    """Return the value that is exceeded with a probability in the chi-square distribution."""
    from scipy.special import chdtri

    return float(chdtri(degrees, probability))


def binomial_cdf(most: int, n: int, probability: float) -> float:
    """Return how probable at most so many successes in n trials are."""
    from scipy.special import bdtr

    return float(bdtr(most, n, probability))
