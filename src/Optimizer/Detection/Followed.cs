using NetPulse.Optimizer.Detection.Detectors;

namespace NetPulse.Optimizer.Detection;

/// <summary>Where one series stands: since when it is outside what was normal for it, if it is.</summary>
internal sealed class Followed
{
    public static readonly TimeSpan AcceptedAfter = TimeSpan.FromDays(1);

    private const int LatestPoints = 5;

    private readonly Queue<double> latest = new();
    private long seen;
    private NormalRange usual;
    private long onset;
    private int outside;
    private bool hasAlerted;
    private float highest;

    /// <summary>Of the last point that was looked at.</summary>
    public long LastUnixMilliseconds { get; private set; } = long.MinValue;

    /// <param name="side">To which a departure is looked for.</param>
    /// <param name="confirmingPoints">Points outside, one after the other, that make one.</param>
    public Departure? Current(Deviation side, int confirmingPoints) => hasAlerted && outside >= confirmingPoints
        ? new Departure(side, DateTimeOffset.FromUnixTimeMilliseconds(onset), latest.Order().ElementAt(latest.Count / 2), usual, highest)
        : null;

    public DepartureState Save(byte[] detectors) => new(detectors, LastUnixMilliseconds, seen, usual, onset, outside, hasAlerted, highest, [.. latest]);

    public void Restore(DepartureState state)
    {
        (LastUnixMilliseconds, seen, usual, onset) = (state.LastUnixMilliseconds, state.Seen, state.Usual, state.OnsetUnixMilliseconds);
        (outside, hasAlerted, highest) = (state.Outside, state.HasAlerted, state.Highest);
        foreach (var value in state.Latest)
        {
            latest.Enqueue(value);
        }
    }

    /// <param name="unixMilliseconds">Of the point.</param>
    /// <param name="value">NaN where none was measured.</param>
    /// <param name="isAnnounced">Whether a change at that time was.</param>
    /// <param name="normal">What it could have been without being news.</param>
    /// <param name="score">Of the point.</param>
    /// <param name="isAlert">Whether it is one.</param>
    /// <param name="side">To which a departure is looked for.</param>
    /// <param name="warmUpPoints">That have no answer.</param>
    public void Take(long unixMilliseconds, double value, bool isAnnounced, NormalRange normal, float score, bool isAlert, Deviation side, int warmUpPoints)
    {
        LastUnixMilliseconds = unixMilliseconds;
        if (outside > 0 && unixMilliseconds - onset > AcceptedAfter.TotalMilliseconds)
        {
            Return();
        }

        if (outside == 0)
        {
            usual = normal;
        }

        if (!double.IsFinite(value))
        {
            return;
        }

        seen++;
        if (isAnnounced)
        {
            return;
        }

        if (seen <= warmUpPoints || !(side == Deviation.Fall ? value < usual.Low : value > usual.High))
        {
            Return();
            return;
        }

        onset = outside++ == 0 ? unixMilliseconds : onset;
        hasAlerted |= isAlert;
        highest = Math.Max(highest, score);
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
