namespace NetPulse.Lab.Load;

/// <summary>Numbers with the time at which each was seen.</summary>
internal sealed class Observations(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<(long At, double Value)> all = [];

    internal void Add(double value)
    {
        lock (gate)
        {
            all.Add((time.GetTimestamp(), value));
        }
    }

    internal List<double> Between(long from, long to)
    {
        lock (gate)
        {
            var begin = all.FindLastIndex(each => each.At < from) + 1;
            return [.. all.Skip(begin).TakeWhile(each => each.At <= to).Select(each => each.Value)];
        }
    }

    internal double Sum(long from, long to) => Between(from, to).Sum();

    /// <summary>The smallest value that this share of all does not exceed (nearest rank); <see langword="null"/> of none.</summary>
    internal static double? Quantile(List<double> values, double share)
    {
        values.Sort();
        return values.Count == 0 ? null : values[Math.Clamp((int)Math.Ceiling(share * values.Count) - 1, 0, values.Count - 1)];
    }
}
