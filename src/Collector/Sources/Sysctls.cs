using System.Globalization;
using System.Text;
using NetPulse.Collector.Attribution;
using NetPulse.Linux.Proc;
using NetPulse.Linux.Sysctls;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>Sysctls in force in each network namespace: a pod's differ from the node's.</summary>
/// <remarks>
/// Source: <c>/proc/sys/net</c>. One that a kernel or a namespace lacks has no series there. Those that we change ourselves are read at each
/// tick, the others every 30 s and when the namespace is new: they change seldom, and there are many.
/// </remarks>
public sealed class Sysctls(NamespaceReader namespaces, NodeName node) : ISource
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private static readonly string[] MinDefaultMax = ["min", "default", "max"];
    private static readonly string[] LowPressureHigh = ["low", "pressure", "high"];
    private static readonly string[] MinMax = ["min", "max"];
    private static readonly string[] Single = [""];
    private static readonly string[] Text = [];

    /// <summary>Each with the names of its numbers; none where it is a text.</summary>
    private static readonly Row[] Rows =
    [
        new("net.ipv4.tcp_rmem", MinDefaultMax, IsFresh: true),
        new("net.ipv4.tcp_wmem", MinDefaultMax, IsFresh: true),
        new("net.core.busy_poll", Single),
        new("net.core.busy_read", Single),
        new("net.core.default_qdisc", Text),
        new("net.core.flow_limit_cpu_bitmap", Text),
        new("net.core.netdev_budget", Single, IsFresh: true),
        new("net.core.netdev_budget_usecs", Single, IsFresh: true),
        new("net.core.netdev_max_backlog", Single, IsFresh: true),
        new("net.core.rmem_default", Single, IsFresh: true),
        new("net.core.rmem_max", Single, IsFresh: true),
        new("net.core.rps_sock_flow_entries", Single),
        new("net.core.somaxconn", Single, IsFresh: true),
        new("net.core.wmem_default", Single),
        new("net.core.wmem_max", Single, IsFresh: true),
        new("net.ipv4.conf.all.rp_filter", Single),
        new("net.ipv4.conf.default.rp_filter", Single),
        new("net.ipv4.icmp_msgs_per_sec", Single),
        new("net.ipv4.icmp_ratelimit", Single),
        new("net.ipv4.ip_local_port_range", MinMax, IsFresh: true),
        new("net.ipv4.ip_local_reserved_ports", Text),
        new("net.ipv4.ip_no_pmtu_disc", Single),
        new("net.ipv4.ipfrag_high_thresh", Single, IsFresh: true),
        new("net.ipv4.ipfrag_low_thresh", Single),
        new("net.ipv4.ipfrag_time", Single),
        new("net.ipv4.neigh.default.gc_thresh1", Single, IsFresh: true),
        new("net.ipv4.neigh.default.gc_thresh2", Single, IsFresh: true),
        new("net.ipv4.neigh.default.gc_thresh3", Single, IsFresh: true),
        new("net.ipv4.route.min_pmtu", Single),
        new("net.ipv4.tcp_allowed_congestion_control", Text, IsFresh: true),
        new("net.ipv4.tcp_available_congestion_control", Text),
        new("net.ipv4.tcp_base_mss", Single),
        new("net.ipv4.tcp_congestion_control", Text, IsFresh: true),
        new("net.ipv4.tcp_ecn", Single),
        new("net.ipv4.tcp_fin_timeout", Single),
        new("net.ipv4.tcp_keepalive_intvl", Single),
        new("net.ipv4.tcp_keepalive_probes", Single),
        new("net.ipv4.tcp_keepalive_time", Single),
        new("net.ipv4.tcp_limit_output_bytes", Single),
        new("net.ipv4.tcp_max_orphans", Single),
        new("net.ipv4.tcp_max_reordering", Single),
        new("net.ipv4.tcp_max_syn_backlog", Single, IsFresh: true),
        new("net.ipv4.tcp_max_tw_buckets", Single, IsFresh: true),
        new("net.ipv4.tcp_mem", LowPressureHigh, IsFresh: true),
        new("net.ipv4.tcp_moderate_rcvbuf", Single),
        new("net.ipv4.tcp_mtu_probing", Single, IsFresh: true),
        new("net.ipv4.tcp_no_metrics_save", Single, IsFresh: true),
        new("net.ipv4.tcp_notsent_lowat", Single, IsFresh: true),
        new("net.ipv4.tcp_recovery", Single),
        new("net.ipv4.tcp_reordering", Single),
        new("net.ipv4.tcp_retries2", Single),
        new("net.ipv4.tcp_rto_max_ms", Single),
        new("net.ipv4.tcp_rto_min_us", Single, IsFresh: true),
        new("net.ipv4.tcp_slow_start_after_idle", Single, IsFresh: true),
        new("net.ipv4.tcp_syn_retries", Single),
        new("net.ipv4.tcp_syncookies", Single, IsFresh: true),
        new("net.ipv4.tcp_thin_linear_timeouts", Single, IsFresh: true),
        new("net.ipv4.tcp_tw_reuse", Single, IsFresh: true),
        new("net.ipv4.tcp_tw_reuse_delay", Single),
        new("net.ipv4.tcp_window_scaling", Single),
        new("net.ipv4.udp_mem", LowPressureHigh, IsFresh: true),
        new("net.ipv4.tcp_no_ssthresh_metrics_save", Single, IsFresh: true),
        new("net.ipv6.neigh.default.gc_thresh1", Single),
        new("net.ipv6.neigh.default.gc_thresh2", Single),
        new("net.ipv6.neigh.default.gc_thresh3", Single),
        new("net.netfilter.nf_conntrack_buckets", Single, IsFresh: true),
        new("net.netfilter.nf_conntrack_max", Single, IsFresh: true),
        new("net.netfilter.nf_conntrack_tcp_timeout_close_wait", Single),
        new("net.netfilter.nf_conntrack_tcp_timeout_established", Single),
        new("net.netfilter.nf_conntrack_tcp_timeout_time_wait", Single),
        new("net.netfilter.nf_conntrack_udp_timeout", Single),
    ];

    private readonly SeriesLabels labels = new(node.Value);
    private Dictionary<ulong, Known> known = [];
    private Dictionary<ulong, Known> before = [];
    private byte[] buffer = new byte[4096];

    public string Name => "sysctls";

    /// <summary>The sysctls that are read.</summary>
    public static IEnumerable<string> Names => Rows.Select(row => row.Dotted);

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        (known, before) = (before, known);
        known.Clear();
        namespaces.ForEach(target => ReadHere(target, samples.At));
        foreach (var each in known.Values)
        {
            Write(samples, each);
        }
    }

    private void ReadHere(OwnedNamespace target, DateTimeOffset now)
    {
        var isNew = !before.TryGetValue(target.Namespace.Inode, out var found) || found.Target.Cookie != target.Cookie;
        found = isNew ? new Known(target, new Value?[Rows.Length]) : found! with { Target = target };

        var isDue = found.Next.IsAt(now);
        for (var i = 0; i < Rows.Length; i++)
        {
            if (isDue || Rows[i].IsFresh)
            {
                found.Values[i] = ReadOne(Rows[i], found.Values[i]);
            }
        }

        known.TryAdd(target.Namespace.Inode, isDue ? found with { Next = Due.After(Period, now) } : found);
    }

    private Value? ReadOne(Row row, Value? last)
    {
        if (ProcFile.Read(row.Path, ref buffer) is not { } length)
        {
            return null;
        }

        var raw = buffer.AsSpan(0, length);
        if (last is not null && raw.SequenceEqual(last.Raw))
        {
            return last;
        }

        // Most namespaces have the same few values: they share them.
        foreach (var shared in row.Shared)
        {
            if (raw.SequenceEqual(shared.Raw))
            {
                return shared;
            }
        }

        var text = Sysctl.Normalize(Encoding.UTF8.GetString(raw));
        var numbers = row.Fields.Length == 0
            ? []
            : text.Split(' ').Select(word => double.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : double.NaN).ToArray();
        var value = new Value(raw.ToArray(), text, numbers);
        if (row.Shared.Count < Row.MostShared)
        {
            row.Shared.Add(value);
        }

        return value;
    }

    private void Write(SampleWriter samples, Known each)
    {
        for (var i = 0; i < Rows.Length; i++)
        {
            if (each.Values[i] is not { } value)
            {
                continue;
            }

            var sysctl = new Label(LabelNames.Sysctl, Rows[i].Dotted);
            if (Rows[i].Fields.Length == 0)
            {
                samples.Write(NamespaceMetrics.SysctlInfo, labels.Of(NamespaceMetrics.SysctlInfo, each.Target.Owner, sysctl, new Label(LabelNames.Value, value.Normalized)), 1);
            }

            for (var j = 0; j < Math.Min(value.Numbers.Length, Rows[i].Fields.Length); j++)
            {
                if (!double.IsNaN(value.Numbers[j]))
                {
                    samples.Write(NamespaceMetrics.Sysctl, labels.Of(NamespaceMetrics.Sysctl, each.Target.Owner, sysctl, new Label(LabelNames.Field, Rows[i].Fields[j])), value.Numbers[j]);
                }
            }
        }
    }

    /// <param name="IsFresh">Whether it is read at each tick.</param>
    private sealed record Row(string Dotted, string[] Fields, bool IsFresh = false)
    {
        public const int MostShared = 16;

        public string Path { get; } = Sysctl.PathOf(Dotted);

        public List<Value> Shared { get; } = [];
    }

    private sealed record Value(byte[] Raw, string Normalized, double[] Numbers);

    private sealed record Known(OwnedNamespace Target, Value?[] Values)
    {
        public Due Next { get; init; }
    }
}
