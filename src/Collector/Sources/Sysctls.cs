using System.Globalization;
using NetPulse.Linux.Sysctls;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>Sysctls in force in each network namespace: a pod's differ from the node's.</summary>
/// <remarks>Source: <c>/proc/sys/net</c>. One that a kernel or a namespace lacks has no series.</remarks>
public sealed class Sysctls(NamespaceReader namespaces, NodeName node) : ISource
{
    private static readonly string[] MinDefaultMax = ["min", "default", "max"];
    private static readonly string[] Single = [""];

    /// <summary>Each with the names of its numbers.</summary>
    private static readonly (string Sysctl, string[] Fields)[] Table =
    [
        ("net.ipv4.tcp_rmem", MinDefaultMax),
        ("net.ipv4.tcp_wmem", MinDefaultMax),
        ("net.core.rmem_max", Single),
        ("net.core.wmem_max", Single),
        ("net.core.rmem_default", Single),
        ("net.core.wmem_default", Single),
        ("net.core.somaxconn", Single),
        ("net.ipv4.tcp_max_syn_backlog", Single),
        ("net.ipv4.tcp_syncookies", Single),
        ("net.ipv4.tcp_moderate_rcvbuf", Single),
        ("net.ipv4.tcp_window_scaling", Single),
        ("net.ipv4.tcp_slow_start_after_idle", Single),
        ("net.ipv4.tcp_mtu_probing", Single),
        ("net.ipv4.tcp_no_metrics_save", Single),
        ("net.ipv4.tcp_notsent_lowat", Single),
        ("net.ipv4.tcp_tw_reuse", Single),
        ("net.ipv4.ip_local_port_range", ["min", "max"]),
    ];

    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "sysctls";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var (target, values) in namespaces.ReadEach(static () => Array.ConvertAll(Table, row => Sysctl.Read(row.Sysctl))))
        {
            for (var i = 0; i < Table.Length; i++)
            {
                var numbers = values[i]?.Split(' ') ?? [];
                for (var j = 0; j < Math.Min(numbers.Length, Table[i].Fields.Length); j++)
                {
                    if (double.TryParse(numbers[j], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                    {
                        var series = labels.Of(NamespaceMetrics.Sysctl, target.Owner, new Label(LabelNames.Sysctl, Table[i].Sysctl), new Label(LabelNames.Field, Table[i].Fields[j]));
                        samples.Write(NamespaceMetrics.Sysctl, series, number);
                    }
                }
            }
        }
    }
}
