using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Interfaces of each network namespace.</summary>
/// <remarks>Source: <c>/proc/net/dev</c>.</remarks>
public sealed class Interfaces(NamespaceReader namespaces, NodeName node) : ISource
{
    private static readonly Label Receive = new(LabelNames.Direction, LabelNames.Receive);
    private static readonly Label Transmit = new(LabelNames.Direction, LabelNames.Transmit);

    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "interfaces";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var (target, text) in namespaces.ReadEach(static () => File.ReadAllText("/proc/thread-self/net/dev")))
        {
            foreach (var each in ParseOrThrow(text))
            {
                Write(samples, target.Owner, each);
            }
        }
    }

    private static IReadOnlyList<InterfaceCounters> ParseOrThrow(string text)
    {
        try
        {
            return InterfaceFile.Parse(text);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private void Write(SampleWriter samples, WorkloadIdentity owner, in InterfaceCounters each)
    {
        var name = new Label(LabelNames.Interface, each.Name);
        foreach (var (metric, received, sent) in new[]
        {
            (NamespaceMetrics.InterfaceBytes, each.ReceivedBytes, each.SentBytes),
            (NamespaceMetrics.InterfacePackets, each.ReceivedPackets, each.SentPackets),
            (NamespaceMetrics.InterfaceErrors, each.ReceiveErrors, each.SendErrors),
            (NamespaceMetrics.InterfaceDropped, each.ReceiveDropped, each.SendDropped),
        })
        {
            samples.Write(metric, labels.Of(metric, owner, name, Receive), received);
            samples.Write(metric, labels.Of(metric, owner, name, Transmit), sent);
        }
    }
}
