using System.Collections.Immutable;
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

/// <summary>What a restart needs of a <see cref="DepartureWatch"/>.</summary>
/// <param name="Bank">As <see cref="SeriesBank.Save"/> wrote it.</param>
/// <param name="LastUnixMilliseconds">Of the last point that was looked at.</param>
/// <param name="Seen">Finite points so far.</param>
/// <param name="Usual">What would have been normal at the onset.</param>
/// <param name="OnsetUnixMilliseconds">Of the first point outside.</param>
/// <param name="Outside">Points outside, one after the other.</param>
/// <param name="HasAlerted">Whether one of them was an alert.</param>
/// <param name="Highest">Score of them.</param>
/// <param name="Latest">Values of the latest of them.</param>
public sealed record DepartureState(
    byte[] Bank,
    long LastUnixMilliseconds,
    long Seen,
    NormalRange Usual,
    long OnsetUnixMilliseconds,
    int Outside,
    bool HasAlerted,
    float Highest,
    ImmutableArray<double> Latest);

/// <summary>Follows one series, and says whether it has left what was normal for it and is still outside.</summary>
/// <remarks>
/// Each point is looked at once, by <see cref="SeriesBank"/>. From the first point outside on, what was normal then is held against all later ones, so that a
/// lasting fault stays visible; an alert in between makes it a departure. What has lasted for <see cref="AcceptedAfter"/> is the new normal. Fewer points than
/// the warm-up have no answer, which is <see langword="null"/>.
/// </remarks>
public sealed class DepartureWatch(SignalKind kind, Deviation side, DetectionOptions options)
{
    public static readonly TimeSpan AcceptedAfter = TimeSpan.FromDays(1);

    private const int LatestPoints = 5;

    private readonly Queue<double> latest = new();
    private SeriesBank bank = new(kind, 1, options.FalseAlarmsPerDay, options.WarmUpPoints);
    private long last = long.MinValue;
    private long seen;
    private NormalRange usual;
    private long onset;
    private int outside;
    private bool hasAlerted;
    private float highest;

    /// <summary>When the last point was that was looked at.</summary>
    public DateTimeOffset LastPoint => last == long.MinValue ? DateTimeOffset.MinValue : DateTimeOffset.FromUnixTimeMilliseconds(last);

    /// <summary>Where it is outside now.</summary>
    public Departure? Current => hasAlerted && outside >= options.ConfirmingPoints
        ? new Departure(side, DateTimeOffset.FromUnixTimeMilliseconds(onset), latest.Order().ElementAt(latest.Count / 2), usual, highest)
        : null;

    /// <summary>Looks at the points that are later than the last one.</summary>
    /// <param name="series">May overlap what was seen before.</param>
    /// <param name="isAnnounced">Whether a change at that time was announced: it is learned, and neither begins nor ends a departure.</param>
    public void Observe(TimeSeries series, Func<DateTimeOffset, bool> isAnnounced)
    {
        var times = series.UnixMilliseconds.Span;
        var first = times.BinarySearch(last);
        for (var i = first < 0 ? ~first : first + 1; i < times.Length; i++)
        {
            Observe(times[i], series.Values.Span[i], isAnnounced(series.At(i)));
        }
    }

    public DepartureState Save() => new(bank.Save(), last, seen, usual, onset, outside, hasAlerted, highest, [.. latest]);

    /// <summary>Continues where <see cref="Save"/> was called.</summary>
    /// <exception cref="InvalidDataException">The bank's state cannot be used.</exception>
    public static DepartureWatch Restore(SignalKind kind, Deviation side, DetectionOptions options, DepartureState state)
    {
        var watch = new DepartureWatch(kind, side, options)
        {
            bank = SeriesBank.Restore(state.Bank, options.FalseAlarmsPerDay),
            last = state.LastUnixMilliseconds,
            seen = state.Seen,
            usual = state.Usual,
            onset = state.OnsetUnixMilliseconds,
            outside = state.Outside,
            hasAlerted = state.HasAlerted,
            highest = state.Highest,
        };
        foreach (var value in state.Latest)
        {
            watch.latest.Enqueue(value);
        }

        return watch;
    }

    private void Observe(long unixMilliseconds, double value, bool isAnnounced)
    {
        if (outside > 0 && unixMilliseconds - onset > AcceptedAfter.TotalMilliseconds)
        {
            Return();
        }

        if (outside == 0)
        {
            usual = bank.Normal(0);
        }

        last = unixMilliseconds;
        Span<float> raw = stackalloc float[1];
        Span<float> gated = stackalloc float[1];
        bank.Observe(unixMilliseconds, [(float)value], isAnnounced ? [true] : [], raw, gated);
        if (!double.IsFinite(value))
        {
            return;
        }

        seen++;
        if (isAnnounced)
        {
            return;
        }

        if (seen <= options.WarmUpPoints || !(side == Deviation.Fall ? value < usual.Low : value > usual.High))
        {
            Return();
            return;
        }

        onset = outside++ == 0 ? unixMilliseconds : onset;
        hasAlerted |= bank.IsAlert(0);
        highest = Math.Max(highest, raw[0]);
        latest.Enqueue(value);
        if (latest.Count > LatestPoints)
        {
            latest.Dequeue();
        }
    }

    /// <summary>It is inside again.</summary>
    private void Return()
    {
        outside = 0;
        (hasAlerted, highest) = (false, 0);
        latest.Clear();
    }
}
