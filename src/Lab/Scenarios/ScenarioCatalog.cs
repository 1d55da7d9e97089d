namespace NetPulse.Lab.Scenarios;

/// <summary>The scenarios by the name that a user types.</summary>
public static class ScenarioCatalog
{
    private static readonly Func<Scenario>[] Single =
    [
        static () => ReceiveWindowScenario.Create(),
        ReceiveWindowScenario.UnderBbr,
        SendBufferScenario.Create,
        ClampedBufferScenario.Create,
        UdpBufferScenario.DefaultBuffer,
        UdpBufferScenario.AskedBuffer,
        AcceptQueueScenario.Create,
        SynQueueScenario.Create,
        LocalPortsScenario.NarrowRange,
        LocalPortsScenario.TimeWait,
        ConntrackScenario.Create,
        NeighbourTableScenario.Create,
        ReassemblyScenario.Create,
        BlackHoleScenario.Create,
        LossScenario.Random,
        LossScenario.Bursty,
        BufferbloatScenario.Create,
        IdleRestartScenario.Create,
        StaleMetricsScenario.Create,
        RpcTailScenario.Create,
        HeadOfLineScenario.Create,
        ReceiveWindowScenario.PlantedHarm,
        static () => ReceiveWindowScenario.SlowReader(),
        ReceiveWindowScenario.ApplicationLimited,
        ReceiveWindowScenario.OpenConnection,
        ReceiveWindowScenario.StaticProfile,
        LossScenario.Reordering,
        LossScenario.Policer,
        LossScenario.CrossTraffic,
        IdleRestartScenario.UnderBbr,
        AcceptQueueScenario.OldListener,
        SynQueueScenario.HalfOpenFlood,
        UdpBufferScenario.Overload,
    ];

    private static readonly Dictionary<string, Func<Scenario>> ByName = Single.ToDictionary(create => create().Name, StringComparer.Ordinal);

    /// <summary>Troubles first, then those in which nothing may be changed.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Two troubles at once that are tried with every other; any names joined by <c>+</c> make another.</summary>
    public static IReadOnlyList<string> Mixtures { get; } = ["receive-window+accept-queue", "random-loss+narrow-port-range", "udp-default-buffer+mtu-black-hole"];

    /// <param name="name">One of <see cref="Names"/>, or several joined by <c>+</c>.</param>
    /// <returns><see langword="null"/> when there is none of this name.</returns>
    public static Scenario? Find(string name)
    {
        var parts = name.Split('+').Select(part => ByName.GetValueOrDefault(part)?.Invoke()).ToList();
        return parts.Contains(null) ? null : parts.Count == 1 ? parts[0] : Scenario.Mix(name, parts!);
    }
}
