using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Whether a figure is healed.</summary>
public static class Judgement
{
    /// <summary>Of what healing by hand brings.</summary>
    private const double EnoughOfTheRatio = 0.9;

    /// <summary>Whether the figure became better by at least nine tenths of the expected ratio; where the trouble left nothing to compare with, whether it is nine tenths of the expected value.</summary>
    public static bool IsHealed(Figure figure, Expectation expected, double? before, double? after) =>
        before is { } worse && after is { } better
        && (expected.Before < figure.Resolution
            ? better >= expected.After * EnoughOfTheRatio
            : figure.Ratio(worse, better) >= figure.Ratio(expected.Before, expected.After) * EnoughOfTheRatio);

    /// <summary>Whether it never came to the trouble: something was changed ahead of it, and the figure is what it would be once it is healed.</summary>
    public static bool IsAverted(Figure figure, Expectation expected, double? before, double? after) =>
        IsAsHealed(figure, expected, before ?? after) && IsAsHealed(figure, expected, after);

    private static bool IsAsHealed(Figure figure, Expectation expected, double? value) =>
        value is { } measured && (figure.IsBetterHigher ? measured >= expected.After * EnoughOfTheRatio : measured <= expected.After / EnoughOfTheRatio);
}
