using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection;

/// <summary>How and when a series left what was normal for it.</summary>
/// <param name="Deviation">To which side.</param>
/// <param name="Onset">Time of the first point outside.</param>
/// <param name="Now">Median of the latest five points outside.</param>
/// <param name="Usual">What would have been normal at the onset.</param>
/// <param name="Score">The highest since the onset; about one makes an event.</param>
public sealed record Departure(Deviation Deviation, DateTimeOffset Onset, double Now, NormalRange Usual, float Score);

/// <summary>Finds whether a series has left what was normal for it and is still outside.</summary>
/// <remarks>
/// The series is played through <see cref="SeriesBank"/> point by point. From the first point outside on, what was normal then is held against all later
/// ones, so that a lasting fault stays visible; an alert in between makes it a departure. Fewer points than the warm-up have no answer, which is
/// <see langword="null"/>.
/// </remarks>
public static class Departures
{
    private const int LatestPoints = 5;

    public static Departure? Current(TimeSeries series, SignalKind kind, Deviation side, DetectionOptions options)
    {
        var bank = new SeriesBank(kind, 1, options.FalseAlarmsPerDay, options.WarmUpPoints);
        var times = series.UnixMilliseconds.Span;
        var values = series.Values.Span;
        var outside = new List<int>();
        var usual = default(NormalRange);
        var (hasAlerted, highest) = (false, 0f);
        Span<float> value = stackalloc float[1];
        Span<float> raw = stackalloc float[1];
        Span<float> gated = stackalloc float[1];
        var seen = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (outside.Count == 0)
            {
                usual = bank.Normal(0);
                (hasAlerted, highest) = (false, 0);
            }

            value[0] = (float)values[i];
            bank.Observe(times[i], value, [], raw, gated);
            if (!double.IsFinite(values[i]))
            {
                continue;
            }

            if (seen++ < options.WarmUpPoints || !(side == Deviation.Fall ? values[i] < usual.Low : values[i] > usual.High))
            {
                outside.Clear();
                continue;
            }

            outside.Add(i);
            hasAlerted |= bank.IsAlert(0);
            highest = Math.Max(highest, raw[0]);
        }

        if (!hasAlerted || outside.Count < options.ConfirmingPoints)
        {
            return null;
        }

        var latest = outside.TakeLast(LatestPoints).Select(i => series.Values.Span[i]).Order().ToArray();
        return new Departure(side, series.At(outside[0]), latest[latest.Length / 2], usual, highest);
    }
}
