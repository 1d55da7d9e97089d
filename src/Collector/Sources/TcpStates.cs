using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Open connections by owner and state. A state that an owner once had is written as zero until all its connections are gone.</summary>
internal sealed class TcpStates(string node)
{
    /// <summary>By the number in include/net/tcp_states.h, as <c>ss</c> writes them.</summary>
    private static readonly string?[] Names =
        [null, "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", null, null, "close-wait", "last-ack", null, "closing", null];

    private readonly Dictionary<WorkloadIdentity, long?[]> counts = [];
    private readonly SeriesLabels labels = new(node);

    public void BeginReading()
    {
        foreach (var owner in counts)
        {
            if (Array.TrueForAll(owner.Value, count => count is null or 0))
            {
                counts.Remove(owner.Key);
                continue;
            }

            for (var state = 0; state < StateCounts.States; state++)
            {
                owner.Value[state] = owner.Value[state] is null ? null : 0;
            }
        }
    }

    public void Add(WorkloadIdentity owner, ref readonly StateCounts states)
    {
        for (var state = 0; state < StateCounts.States; state++)
        {
            if (states[state] == 0)
            {
                continue;
            }

            if (!counts.TryGetValue(owner, out var own))
            {
                own = new long?[StateCounts.States];
                counts.Add(owner, own);
            }

            own[state] = (own[state] ?? 0) + states[state];
        }
    }

    public void Write(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var (owner, own) in counts)
        {
            for (var state = 0; state < StateCounts.States; state++)
            {
                if (own[state] is { } count && Names[state] is { } name)
                {
                    samples.Write(TcpSocketMetrics.Sockets, labels.Of(TcpSocketMetrics.Sockets, owner, new Label(LabelNames.State, name)), count);
                }
            }
        }
    }
}
