namespace NetPulse.Lab.Judge;

/// <summary>How scenarios are judged with our services running.</summary>
public sealed record JudgeSettings
{
    /// <summary>For settings, objects, logs and state, a folder a scenario; each is emptied at its start.</summary>
    public required string Directory { get; init; }

    /// <summary>Where each service's own folder of binaries lies.</summary>
    public required string ServicesDirectory { get; init; }

    /// <summary>Begin of the network namespaces' names.</summary>
    public required string Prefix { get; init; }

    /// <summary>Healthy traffic that is seen before the trouble begins.</summary>
    public TimeSpan Healthy { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Time to heal, from the trouble's beginning.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long a twin is watched, in which nothing may be changed.</summary>
    public TimeSpan TwinWatch { get; init; } = TimeSpan.FromSeconds(50);
}
