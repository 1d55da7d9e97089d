namespace NetPulse.Lab.Demo;

/// <summary>How the demo is run.</summary>
public sealed record DemoSettings
{
    /// <summary>Where settings, objects, logs and state are kept; emptied at each start.</summary>
    public required string Directory { get; init; }

    /// <summary>Where each service's own folder of binaries lies.</summary>
    public required string ServicesDirectory { get; init; }

    public int CollectorPort { get; init; } = 9470;

    public int OptimizerPort { get; init; } = 8470;

    /// <summary>Those that the demo has words for: uploads through a window that is too small.</summary>
    internal static IReadOnlyList<string> Scenarios { get; } = ["receive-window", "receive-window-bbr", "slow-reader"];

    /// <summary>The lab's scenario, one of <see cref="Scenarios"/>.</summary>
    public string Scenario { get; init; } = "receive-window";

    /// <summary>Begin of the network namespaces' names.</summary>
    public string Prefix { get; init; } = "netpulse-lab";

    /// <summary>Whether to end, with a verdict in the exit code, once the story is told; otherwise the services stay up until Ctrl-C.</summary>
    public bool EndsWithTheStory { get; init; }

    /// <summary>Time between two readings of the collector, as a setting.</summary>
    public string SamplingInterval { get; init; } = "1s";

    /// <summary>When the optimizer runs.</summary>
    public string Cron { get; init; } = "0/2 * * * * ?";

    /// <summary>Time for the whole story after the trouble begins.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(100);
}
