using System.Collections.Immutable;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Rollout;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Web;

/// <summary>The page's data: what the latest run saw and where every change is. Throughput in bytes per second, round trips in seconds.</summary>
/// <param name="Edges">All that were seen; <paramref name="Traffic"/> holds the busiest of them.</param>
internal sealed record StatusView(
    DateTimeOffset At,
    string Policy,
    string Mode,
    ImmutableArray<string> Paused,
    ImmutableArray<string> Problems,
    int Edges,
    ImmutableArray<TrafficView> Traffic,
    ImmutableArray<string> Anomalies,
    ImmutableArray<FindingView> Findings,
    ImmutableArray<ProposalView> Proposals,
    ImmutableArray<ChangeView> Changes)
{
    private const int EdgesShown = 200;
    private const int ChangesShown = 100;

    public static StatusView Of(Picture picture, IEnumerable<ChangeState> changes) => new(
        picture.At,
        picture.Policy?.Metadata.Name ?? "",
        picture.Policy?.Spec.Mode.ToString() ?? "",
        [.. picture.Policy?.Spec.Paused ?? []],
        picture.Problems,
        picture.Traffic.Length,
        [
            .. (from edge in picture.Traffic
                orderby edge.LatestThroughput.Value descending
                select new TrafficView(
                    Name(edge.Edge.Owner), Name(edge.Edge.Peer), edge.Edge.ServerPort, edge.Edge.Role, edge.Edge.Node,
                    edge.LatestThroughput.Value, edge.BestThroughput.Value, edge.LatestRoundTripTime.TotalSeconds)).Take(EdgesShown),
        ],
        [.. picture.Anomalies.Select(anomaly => anomaly.ToString())],
        [
            .. picture.Findings.Select(finding => new FindingView(
                finding.Edge.ToString(), finding.Cause.ToString(), finding.Summary, finding.Advice, finding.Confidence, [.. finding.Proof.Select(evidence => evidence.ToString())])),
        ],
        [.. picture.Proposals.Select(proposal => new ProposalView(proposal.ToString(), proposal.Diff))],
        [
            .. changes.OrderByDescending(state => state.Change.PlannedAt).Take(ChangesShown)
                .Select(state => new ChangeView(state.Change.Name, state.Change.ToString(), state.Phase.ToString(), state.Since, state.AppliedAt, state.Change.RevertAt)),
        ]);

    private static string Name(WorkloadIdentity identity) => identity.ToString();
}

internal sealed record TrafficView(
    string From, string To, string ServerPort, string Role, string Node, double BytesPerSecond, double BestBytesPerSecond, double RoundTripSeconds);

internal sealed record FindingView(string Edge, string Cause, string Summary, string Advice, double Confidence, ImmutableArray<string> Proof);

internal sealed record ProposalView(string Text, string Diff);

internal sealed record ChangeView(string Name, string Text, string Phase, DateTimeOffset Since, DateTimeOffset? AppliedAt, DateTimeOffset RevertAt);
