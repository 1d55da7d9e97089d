namespace NetPulse.Lab.Load;

/// <summary>What a load measures of itself, independent of any service of ours: the judge of before and after.</summary>
/// <param name="Name">As <c>goodput</c>, <c>p99 of connecting</c>.</param>
/// <param name="Unit">As <c>Mbit/s</c>, <c>ms</c>, <c>%</c>.</param>
/// <param name="IsBetterHigher">Otherwise less is better.</param>
/// <param name="Resolution">The least that it can tell from nothing, in its unit.</param>
public sealed record Figure(string Name, string Unit, bool IsBetterHigher, double Resolution)
{
    internal static Figure Goodput { get; } = new("goodput", "Mbit/s", IsBetterHigher: true, Resolution: 0.1);

    internal static Figure Delivered { get; } = new("delivered", "%", IsBetterHigher: true, Resolution: 1);

    internal static Figure Succeeded { get; } = new("connections that were served", "%", IsBetterHigher: true, Resolution: 1);

    internal static Figure Milliseconds(string name) => new(name, "ms", IsBetterHigher: false, Resolution: 0.1);

    /// <summary>How many times better the second value is; below 1 when it is worse. A value below the resolution counts as that.</summary>
    public double Ratio(double before, double after)
    {
        var (worse, better) = IsBetterHigher ? (before, after) : (after, before);
        return Math.Max(better, Resolution) / Math.Max(worse, Resolution);
    }

    public string Text(double? value) => value is { } number ? $"{number:0.0} {Unit}" : "-";
}
