using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>How one group's runs are named in the schedule, which several groups may share.</summary>
/// <param name="group">The group of nodes; empty where the work is not split.</param>
internal sealed class RunKeys(string group)
{
    public const string BetweenName = "between";

    public string Group { get; } = group.Length > 0 ? group : "all-nodes";

    public JobKey Job => new("optimization", Group);

    /// <summary>Fires by the cron expression.</summary>
    public TriggerKey Cron => new("cron", Group);

    /// <summary>Fires between the runs.</summary>
    public TriggerKey Between => new(BetweenName, Group);

    /// <summary>Fires once, for alerts.</summary>
    public TriggerKey Alert => new("alert", Group);

    /// <summary>Fires once, for whoever asked.</summary>
    public TriggerKey Demand => new("demand", Group);
}
