using System.Globalization;

namespace NetPulse.Tests;

/// <summary>How long a test with random input goes on: a fixed number of rounds, or NETPULSE_SOAK_MINUTES where that is set (make soak).</summary>
internal static class Fuzzing
{
    /// <summary>Seeds of the rounds; those of an unbounded run begin anywhere.</summary>
    public static IEnumerable<int> Rounds(int unlessSoaked)
    {
        if (!double.TryParse(Environment.GetEnvironmentVariable("NETPULSE_SOAK_MINUTES"), CultureInfo.InvariantCulture, out var minutes))
        {
            return Enumerable.Range(0, unlessSoaked);
        }

        var end = TimeProvider.System.GetUtcNow().AddMinutes(minutes);
        var first = Environment.TickCount & int.MaxValue / 2;
        return Enumerable.Range(first, int.MaxValue / 2).TakeWhile(_ => TimeProvider.System.GetUtcNow() < end);
    }
}
