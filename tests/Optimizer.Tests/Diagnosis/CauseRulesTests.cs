using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Tests.Diagnosis;

public sealed class CauseRulesTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, CauseCases.All.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_cause_is_proven_by_what_proves_it(int number)
    {
        var (cause, proves, _) = CauseCases.All[number];
        var judgement = Rule(cause).Judge(proves);
        Assert.NotNull(judgement);
        Assert.True(judgement.Finding is not null, $"{cause}: {string.Join("; ", judgement.Refutation)}");
        Assert.Equal(cause, judgement.Finding.Cause);
        Assert.All(judgement.Finding.Proof, piece => Assert.NotEqual(false, piece.Holds));
        Assert.NotEmpty(judgement.Finding.Summary);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_cause_is_refuted_by_what_speaks_against_it(int number)
    {
        var (cause, _, refutes) = CauseCases.All[number];
        var judgement = Rule(cause).Judge(refutes);
        Assert.Null(judgement?.Finding);
        Assert.NotEmpty(judgement!.Refutation);
    }

    [Fact]
    public void Every_cause_has_a_rule_and_a_case()
    {
        var causes = Enum.GetValues<Cause>().Where(cause => cause != Cause.Unknown).ToHashSet();
        Assert.True(causes.SetEquals(CauseRules.All.Select(rule => rule.About.Cause)));
        Assert.True(causes.SetEquals(CauseCases.All.Select(each => each.Cause)));
    }

    [Fact]
    public void Where_nothing_was_measured_nothing_is_proven()
    {
        foreach (var evidence in new[] { CauseCases.Pod(CauseCases.With()), CauseCases.Node(CauseCases.With()) })
        {
            Assert.All(CauseRules.All, rule => Assert.Null(rule.Judge(evidence)?.Finding));
        }
    }

    [Fact]
    public void A_bulk_transfer_without_trouble_has_no_cause() =>
        Assert.Empty(CauseRules.All.Select(rule => rule.Judge(CauseCases.Edge(CauseCases.Bulk))?.Finding?.Cause).OfType<Cause>());

    [Fact]
    public void An_edge_whose_server_overflows_has_the_same_cause_as_the_server()
    {
        var edge = Examples.Upload(0) with { ServerPort = "9004" };
        var evidence = CauseCases.Edge(CauseCases.Bulk with { Edge = edge }, peer: CauseCases.Listener(16, 16, 0.5)) with { Subject = new Subject.OfEdge(edge) };
        Assert.NotNull(Rule(Cause.AcceptQueueOverflow).Judge(evidence)?.Finding);
        Assert.Equal(LabelNames.Client, edge.Role);
    }

    [Fact]
    public void Short_bursts_tell_what_a_path_holds_by_their_window_not_by_their_rate()
    {
        var proves = CauseCases.All.First(each => each.Cause == Cause.StaleRouteMetrics).Proves;
        var bursts = proves.Connections! with { Throughput = BytesPerSecond.FromMegabitsPerSecond(5.7), BestThroughput = BytesPerSecond.FromMegabitsPerSecond(8.8), SlowStartThresholdBytes = 46_336 };
        Assert.Null(Rule(Cause.StaleRouteMetrics).Judge(proves with { Connections = bursts })?.Finding);
        Assert.NotNull(Rule(Cause.StaleRouteMetrics).Judge(proves with { Connections = bursts with { WidestWindowBytes = 692_144 } })?.Finding);
    }

    [Theory]
    [InlineData(Cause.RetransmissionTimeoutFloor)]
    [InlineData(Cause.ThinStreamBackoff)]
    [InlineData(Cause.NonCongestionLoss)]
    public void What_a_listener_throws_away_is_no_loss_of_the_path(Cause cause)
    {
        var edge = Examples.Upload(0) with { ServerPort = "9004" };
        var proves = CauseCases.All.First(each => each.Cause == cause).Proves with { Subject = new Subject.OfEdge(edge) };
        Assert.NotNull(Rule(cause).Judge(proves)?.Finding);
        var overflows = proves with { Peer = CauseCases.Edge(CauseCases.Bulk, peer: CauseCases.Listener(16, 16, 0.5)).Peer };
        var judgement = Rule(cause).Judge(overflows);
        Assert.Null(judgement?.Finding);
        Assert.Contains(judgement!.Refutation, piece => piece.Holds == false && piece.ToString().Contains("port 9004", StringComparison.Ordinal));
    }

    private static ICauseRule Rule(Cause cause) => CauseRules.All.Single(rule => rule.About.Cause == cause);
}
