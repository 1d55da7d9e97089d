namespace NetPulse.Kubernetes.Client;

/// <summary>How long to wait before trying again: doubling, half of it by chance, so that many clients do not come back in the same moment.</summary>
public sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private const int MostDoublings = 20;

    private int failures;

    /// <summary>After a success the next failure starts anew.</summary>
    public void Reset() => failures = 0;

    /// <param name="atLeast">What the server asked for; chance only adds to it.</param>
    public TimeSpan Next(TimeSpan atLeast = default)
    {
        var full = Math.Min(longest.Ticks, first.Ticks * (double)(1 << Math.Min(failures, MostDoublings)));
        failures++;
        var own = TimeSpan.FromTicks((long)(full * (0.5 + (Random.Shared.NextDouble() / 2))));
        return atLeast > TimeSpan.Zero ? atLeast + (own / 4) : own;
    }
}
