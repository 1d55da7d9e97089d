using System.Collections.Immutable;
using NetPulse.Optimizer.Detection.Incidents;

namespace NetPulse.Optimizer.Tests.Detection.Incidents;

public sealed class IncidentJoinTests
{
    private const int ManySeries = 100_000;
    private const double Budget = 0.02;

    [Fact]
    public void Nothing_is_joined_to_nothing() => Assert.Empty(IncidentJoin.Join<int>([], ManySeries, Budget));

    [Fact]
    public void A_hundred_alerts_of_one_node_are_one_incident() =>
        Assert.Equal(100, Assert.Single(IncidentJoin.Join(Enumerable.Range(0, 100).Select(i => At(i, i * 2, "node a")), ManySeries, Budget)).Length);

    [Fact]
    public void Two_places_at_the_same_time_are_two_incidents_where_many_series_are_watched() =>
        Assert.Equal([[1], [2]], Groups(IncidentJoin.Join([At(1, 0, "node a"), At(2, 10, "node b")], ManySeries, Budget)));

    [Fact]
    public void Two_places_at_the_same_time_are_one_incident_where_chance_is_no_explanation() =>
        Assert.Equal([[1, 2]], Groups(IncidentJoin.Join([At(1, 0, "node a"), At(2, 10, "node b")], 50, Budget)));

    [Fact]
    public void The_same_place_at_another_time_is_another_incident() =>
        Assert.Equal([[1], [2]], Groups(IncidentJoin.Join([At(2, 301, "node a"), At(1, 0, "node a")], ManySeries, Budget)));

    [Fact]
    public void What_hangs_together_over_a_third_alert_is_one_incident() =>
        Assert.Equal([[1, 2, 3], [4]], Groups(IncidentJoin.Join([At(1, 0, "node a"), At(2, 60, "node a", "pair x y"), At(3, 90, "node b", "pair x y"), At(4, 91, "node c")], ManySeries, Budget)));

    private static Symptom<int> At(int alert, int seconds, params string[] places) => new(alert, DateTimeOffset.UnixEpoch.AddSeconds(seconds), [.. places]);

    private static int[][] Groups(ImmutableArray<ImmutableArray<int>> joined) => [.. joined.Select(group => group.ToArray())];
}
