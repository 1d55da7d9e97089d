using System.Globalization;

namespace NetPulse.Telemetry.Query.Syntax;

/// <summary>A duration as PromQL writes it: whole numbers with y, w, d, h, m, s, ms, from the greatest to the smallest, each once.</summary>
public static class PromQlDuration
{
    private static readonly (string Unit, long Milliseconds)[] Units =
    [
        ("y", 365L * 86_400_000), ("w", 7L * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        var sum = 0m;
        var next = 0;
        var rest = text;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0)
            {
                return false;
            }

            var letters = rest[digits..].IndexOfAnyInRange('0', '9');
            var unit = letters < 0 ? rest[digits..] : rest.Slice(digits, letters);
            while (next < Units.Length && !unit.SequenceEqual(Units[next].Unit))
            {
                next++;
            }

            if (next == Units.Length || !decimal.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue)
            {
                return false;
            }

            sum += count * Units[next++].Milliseconds;
            rest = rest[(digits + unit.Length)..];
        }

        // longer than this, Prometheus's own 63 bits of nanoseconds end
        if (text.IsEmpty || sum > 292L * 365 * 86_400_000)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds((long)sum);
        return true;
    }
}
