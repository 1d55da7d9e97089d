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
    ImmutableArray<IncidentView> Incidents,
    ImmutableArray<string> Forecasts,
    ImmutableArray<FindingView> Findings,
    ImmutableArray<ProposalView> Proposals,
    ImmutableArray<ChangeView> Changes)
{
    private const int EdgesShown = 200;
    private const int AlertsShown = 50;
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
        [
            .. from incident in picture.Incidents
               orderby incident.IsOpen descending, incident.Severity descending, incident.Since
               select new IncidentView(
                   incident.ToString(), incident.Severity.ToString(), incident.Since, incident.EndedAt, incident.Root?.ToString() ?? "", incident.Alerts.Length,
                   [.. incident.Alerts.Take(AlertsShown).Select(alert => new AlertView(alert.Anomaly.Series, alert.Severity.ToString(), alert.Onset, alert.EndedAt, alert.Anomaly.Now, alert.Anomaly.Usual))]),
        ],
        [.. picture.Forecasts.Select(forecast => forecast.ToString())],
        [
            .. picture.Findings.Select(finding => new FindingView(
                finding.Subject.ToString(), finding.Cause.ToString(), finding.Summary, finding.Advice, finding.Confidence, [.. finding.Proof.Select(evidence => evidence.ToString())])),
        ],
        [.. picture.Proposals.Select(proposal => new ProposalView(proposal.ToString(), proposal.Diff))],
        [
            .. changes.OrderByDescending(state => state.Change.PlannedAt).Take(ChangesShown)
                .Select(state => new ChangeView(state.Change.Name, state.Change.ToString(), state.Phase.ToString(), state.Since, state.AppliedAt, state.IsOpen && state.Phase != ChangePhase.Reverting ? state.Change.RevertAt : null)),
        ]);

    private static string Name(WorkloadIdentity identity) => identity.ToString();
}

internal sealed record TrafficView(
    string From, string To, string ServerPort, string Role, string Node, double BytesPerSecond, double BestBytesPerSecond, double RoundTripSeconds);

/// <param name="Root">Where the change is concentrated; empty where it is not.</param>
/// <param name="Count">Of all its alerts; <paramref name="Alerts"/> holds the first.</param>
internal sealed record IncidentView(
    string Text, string Severity, DateTimeOffset Since, DateTimeOffset? EndedAt, string Root, int Count, ImmutableArray<AlertView> Alerts);

/// <param name="Now">With its unit; while it lasted, where it has ended.</param>
/// <param name="Usual">What would have been normal, with its unit.</param>
internal sealed record AlertView(string Subject, string Severity, DateTimeOffset Onset, DateTimeOffset? EndedAt, string Now, string Usual);

internal sealed record FindingView(string Subject, string Cause, string Summary, string Advice, double Confidence, ImmutableArray<string> Proof);

internal sealed record ProposalView(string Text, string Diff);

/// <param name="RevertAt">When it is undone unless it is kept; <see langword="null"/> once that is decided.</param>
internal sealed record ChangeView(string Name, string Text, string Phase, DateTimeOffset Since, DateTimeOffset? AppliedAt, DateTimeOffset? RevertAt);
