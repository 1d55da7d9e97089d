using NetPulse.Optimizer.Detection.Incidents;

namespace NetPulse.Benchmarks.Detection.Measures;

/// <param name="Alerts">Of all series, one an event or false alarm; alerts of a series that follow within half an hour are one.</param>
/// <param name="Incidents">What they were joined to.</param>
/// <param name="Precision">Share of the joined pairs of alerts that are of one event; NaN when nothing was joined.</param>
/// <param name="Recall">Share of the pairs of one event that were joined; NaN when there are none.</param>
/// <param name="AcrossNodes">As <paramref name="Recall"/>, of pairs on two nodes.</param>
public sealed record IncidentResult(int Alerts, int Incidents, int JoinedPairs, int TruePairs, int CorrectPairs, double Precision, double Recall, double AcrossNodes);

/// <summary>Whether alerts are joined as the labels join them: those of one incident, or of one event of one node.</summary>
public static class IncidentScore
{
    private static readonly TimeSpan SameAlert = TimeSpan.FromMinutes(30);

    /// <param name="scored">With their own alerts.</param>
    /// <param name="falseAlarmsPerDay">The budget that these keep.</param>
    public static IncidentResult Of(IReadOnlyList<ScoredSeries> scored, double falseAlarmsPerDay)
    {
        var alerts = scored.SelectMany(Alerts).ToList();
        var symptoms = alerts.Select((alert, i) => new Symptom<int>(i, alert.At, [$"node {alert.Node}"]));
        var incidents = IncidentJoin.Join(symptoms, scored.Count, falseAlarmsPerDay);
        var incidentOf = new int[alerts.Count];
        for (var i = 0; i < incidents.Length; i++)
        {
            foreach (var alert in incidents[i])
            {
                incidentOf[alert] = i;
            }
        }

        var (joined, same, correct, across, acrossJoined) = (0, 0, 0, 0, 0);
        for (var i = 0; i < alerts.Count; i++)
        {
            for (var k = 0; k < i; k++)
            {
                var isJoined = incidentOf[i] == incidentOf[k];
                var isSame = alerts[i].Trouble == alerts[k].Trouble;
                joined += isJoined ? 1 : 0;
                same += isSame ? 1 : 0;
                correct += isJoined && isSame ? 1 : 0;
                if (isSame && alerts[i].Node != alerts[k].Node)
                {
                    across++;
                    acrossJoined += isJoined ? 1 : 0;
                }
            }
        }

        return new IncidentResult(alerts.Count, incidents.Length, joined, same, correct, correct / (double)joined, correct / (double)same, acrossJoined / (double)across);
    }

    private static IEnumerable<(string Node, DateTimeOffset At, string Trouble)> Alerts(ScoredSeries scored)
    {
        var series = scored.Series;
        var last = DateTimeOffset.MinValue;
        for (var i = 0; i < scored.Raw.Length; i++)
        {
            if (!scored.Alerts![i])
            {
                continue;
            }

            var at = DateTimeOffset.FromUnixTimeSeconds(series.UnixSeconds[i]);
            if (at - last > SameAlert)
            {
                var during = Array.FindIndex(series.Events, span => span.First <= i && i <= span.Last);
                yield return (series.Node, at, during < 0 ? $"none: {series.Name} {i}" : series.Troubles[during]);
            }

            last = at;
        }
    }
}
