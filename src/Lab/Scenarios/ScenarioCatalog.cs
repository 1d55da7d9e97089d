namespace NetPulse.Lab.Scenarios;

/// <summary>The scenarios by the name that a user types.</summary>
public static class ScenarioCatalog
{
    private static readonly Dictionary<string, Func<string, Scenario>> Scenarios = new(StringComparer.Ordinal)
    {
        [ReceiveWindowScenario.Name] = ReceiveWindowScenario.Create,
        [SlowReaderScenario.Name] = SlowReaderScenario.Create,
    };

    public static IReadOnlyCollection<string> Names => Scenarios.Keys;

    /// <exception cref="KeyNotFoundException">There is no scenario of this name.</exception>
    public static Scenario Create(string name, string congestionControl) => Scenarios[name](congestionControl);
}
