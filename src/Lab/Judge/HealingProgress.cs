using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Judge;

/// <summary>One load's figure before and after the first change that reaches its pods.</summary>
internal sealed class HealingProgress(RunningLoad load, Scenario scenario, long trouble, TimeProvider time)
{
    private long? changedAt;

    /// <summary>The scenario of a mixture that the load belongs to.</summary>
    internal Scenario Part { get; } = scenario.Parts.First(part => part.Loads.Contains(load.Description));

    internal bool WasChanged => changedAt is not null;

    internal Figure Figure => load.Load.Figure;

    /// <summary>During the trouble: over the last seconds before the change, or until now where there was none.</summary>
    internal double? Before { get; private set; }

    /// <summary>Over the last seconds.</summary>
    internal double? After { get; private set; }

    /// <param name="untouched">The worst of what the part's loads were before they were changed.</param>
    internal bool IsHealed(double? untouched) =>
        WasChanged && Part.Expected is { } expected && (Judgement.IsHealed(Figure, expected, untouched, After) || IsAverted(expected, untouched));

    /// <param name="loop">When each pod, or the node (""), was first asked to change.</param>
    internal void Read(ObservedLoop loop)
    {
        var now = time.GetTimestamp();
        foreach (var target in new[] { load.Place.From.Name, load.Place.To.Name, "" })
        {
            if (loop.AskedAt.TryGetValue(target, out var at) && (changedAt is null || at < changedAt))
            {
                changedAt = at;
            }
        }

        // A trouble takes some seconds to come about: what was measured at its beginning is still from before.
        var until = changedAt ?? (loop.WidenedAt.TryGetValue(load.Place.From.Workload, out var widened) || loop.WidenedAt.TryGetValue(load.Place.To.Workload, out widened) ? widened : now);
        Before = Over(until, until - ((until - trouble) / 2)) ?? Before;
        After = Over(now, changedAt ?? trouble) ?? After;
    }

    /// <summary>By then the trouble would have shown.</summary>
    private bool IsAverted(Expectation expected, double? untouched) => time.GetElapsedTime(trouble) > Part.Settling && Judgement.IsAverted(Figure, expected, untouched, After);

    private double? Over(long until, long notBefore) =>
        load.Load.Between(Math.Max(notBefore, until - (long)(Part.Measuring.TotalSeconds * time.TimestampFrequency)), until);
}
