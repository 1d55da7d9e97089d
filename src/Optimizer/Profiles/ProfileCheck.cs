using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Profiles;

/// <summary>What is known of the node that a profile is meant for.</summary>
/// <param name="Node">The sysctls in force in its own network namespace.</param>
/// <param name="Pods">Those in force in its pods', by name.</param>
/// <param name="Findings">What is wrong now.</param>
/// <param name="Proposals">What would heal it.</param>
public sealed record ProfileEvidence(Readings Node, ImmutableDictionary<string, Readings> Pods, ImmutableArray<Finding> Findings, ImmutableArray<SysctlProposal> Proposals);

/// <summary>Judges a static profile line by line against one node.</summary>
/// <remarks>What is written on a host reaches the host: a pod that exists keeps its own values, and most sysctls of a new pod's namespace begin with the kernel's defaults.</remarks>
public static class ProfileCheck
{
    private const long LargestBufferBytes = 64L << 20;

    /// <summary>Copied by the kernel from the node's namespace into a new one (Linux 6.18); the others of a namespace begin anew.</summary>
    private static readonly ImmutableHashSet<string> Inherited =
        ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_congestion_control", "net.ipv4.conf.default.rp_filter"];

    /// <summary>Lower is what is wanted of these.</summary>
    private static readonly ImmutableHashSet<string> BetterLow =
    [
        "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_syn_retries",
    ];

    /// <summary>Values that take something away from every connection, or were taken out of the kernel for that.</summary>
    private static readonly ImmutableDictionary<string, (string Value, string Why)> Harmful = new Dictionary<string, (string, string)>
    {
        ["net.ipv4.tcp_timestamps"] = ("0", "without timestamps the kernel cannot tell old segments from new ones, nor measure round trips well"),
        ["net.ipv4.tcp_sack"] = ("0", "without SACK one lost segment stops a whole window"),
        ["net.ipv4.tcp_window_scaling"] = ("0", "without scaling no window is above 64 KiB"),
        ["net.ipv4.tcp_moderate_rcvbuf"] = ("0", "without autotuning every receive buffer stays at its default"),
        ["net.ipv4.tcp_syncookies"] = ("0", "without cookies a flood of SYNs stops a service"),
        ["net.ipv4.tcp_tw_recycle"] = ("1", "it dropped clients behind address translation, and is gone since Linux 4.12"),
        ["net.ipv4.tcp_abort_on_overflow"] = ("1", "a short burst then resets connections that would have been accepted a moment later"),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public static ImmutableArray<ProfileJudgement> Judge(ImmutableArray<ProfileLine> lines, ProfileEvidence evidence) => [.. lines.Select(line => Judge(line, lines, evidence))];

    private static ProfileJudgement Judge(ProfileLine line, ImmutableArray<ProfileLine> all, ProfileEvidence evidence)
    {
        var name = line.Sysctl;
        if (Harmful.TryGetValue(name, out var harmful) && harmful.Value == line.Value)
        {
            return new ProfileJudgement(line, ProfileVerdict.Dangerous, harmful.Why);
        }

        if (ValueIn(evidence.Node, name) is not { } current)
        {
            return new ProfileJudgement(
                line, ProfileVerdict.Unknown, name.StartsWith("net.", StringComparison.Ordinal) ? "this kernel does not have it, or it was not measured" : "it is none of the network's");
        }

        if (Danger(line, current) is { } danger)
        {
            return new ProfileJudgement(line, ProfileVerdict.Dangerous, danger);
        }

        var instead = evidence.Proposals.FirstOrDefault(proposal => proposal.Writes.Any(write => write.Sysctl == name));
        if (instead is not null)
        {
            return new ProfileJudgement(line, ProfileVerdict.Helps, $"{instead.Finding.Cause} of {instead.Finding.Subject} is measured: {instead.Finding.Summary}{Reach(line, instead)}") { Instead = instead };
        }

        if (name == "net.ipv4.tcp_congestion_control" && evidence.Node.SysctlText("net.ipv4.tcp_available_congestion_control") is { } available && !available.Split(' ').Contains(line.Value))
        {
            return new ProfileJudgement(line, ProfileVerdict.Useless, $"this node has {available} only");
        }

        var pods = evidence.Pods.Where(pod => ValueIn(pod.Value, name) is not null).ToList();
        var others = pods.Where(pod => ValueIn(pod.Value, name) != line.Value).Select(pod => pod.Key).Order(StringComparer.Ordinal).ToList();
        if (current == line.Value && others.Count == 0)
        {
            return new ProfileJudgement(line, ProfileVerdict.AlreadySo, pods.Count == 0 ? "the node has this value" : $"the node has this value, and so do all {pods.Count} namespaces of pods");
        }

        if (name == "net.ipv4.tcp_slow_start_after_idle" && (all.Any(other => other is { Sysctl: "net.ipv4.tcp_congestion_control", Value: "bbr" }) || evidence.Node.SysctlText("net.ipv4.tcp_congestion_control") == "bbr"))
        {
            return new ProfileJudgement(line, ProfileVerdict.Useless, "bbr does not look at it");
        }

        var noTrouble = Remedies.All.Where(remedy => remedy.About.Sysctls.Contains(name)).Select(remedy => remedy.About.Cause).Distinct().ToList() is { Count: > 0 } causes
            ? $"nothing measured asks for it: there is no {string.Join(" and no ", causes)}"
            : "nothing that we can measure asks for it";
        return new ProfileJudgement(line, ProfileVerdict.Useless, others.Count == 0
            ? noTrouble
            : $"{(Inherited.Contains(name) ? "only pods made later would get it" : "no pod gets it, also none made later")}: {others.Count} of {pods.Count} have another value of their own, as {others[0]}; {noTrouble}");
    }

    /// <summary>Why a value may do harm on this node; <see langword="null"/> where it does none that we know.</summary>
    private static string? Danger(ProfileLine line, string current)
    {
        var (wanted, holds) = (Numbers(line.Value), Numbers(current));
        var isBuffer = line.Sysctl is "net.ipv4.tcp_rmem" or "net.ipv4.tcp_wmem" or "net.core.rmem_max" or "net.core.wmem_max" or "net.core.rmem_default" or "net.core.wmem_default";
        if (isBuffer && wanted.Exists(number => number > LargestBufferBytes))
        {
            return $"one connection may then pin {Text.Bytes(wanted.Max())}: more than any path that we know needs, and more than the 64 MiB at which squeezing a queue takes long";
        }

        if (wanted.Count == holds.Count && !BetterLow.Contains(line.Sysctl))
        {
            for (var i = 0; i < wanted.Count; i++)
            {
                if (wanted[i] < holds[i])
                {
                    return $"it lowers what holds now: {current}{(line.Sysctl is "net.ipv4.tcp_rmem" && i == 1 ? "; connections would begin with a smaller window" : "")}";
                }
            }
        }

        return line.Sysctl switch
        {
            "net.ipv4.ip_local_port_range" when wanted is [< 10_240, ..] => "outgoing connections may then take the ports of servers that start later",
            "net.ipv4.tcp_retries2" when wanted is [< 8] => "connections are then given up in short outages (RFC 1122 asks for 8 or more)",
            "net.ipv4.tcp_rto_min_us" when wanted is [< 5000] => "segments would be sent again before they can be acknowledged",
            "net.core.netdev_max_backlog" when wanted is [> 16_384] => "packets may then wait in a processor's queue for tens of milliseconds",
            _ => null,
        };
    }

    private static string Reach(ProfileLine line, SysctlProposal instead) => instead.Pod is null
        ? ""
        : $"; written on the host, {line.Sysctl} does not reach {instead.Target}, which has a value of its own";

    /// <summary>As the kernel reads it back, the fields in their order; <see langword="null"/> where it was not measured.</summary>
    private static string? ValueIn(Readings readings, string sysctl)
    {
        if (readings.SysctlText(sysctl) is { } text)
        {
            return text;
        }

        foreach (var fields in new[] { new[] { "" }, ["min", "default", "max"], ["low", "pressure", "high"], ["min", "max"] })
        {
            var numbers = fields.Select(field => readings.Sysctl(sysctl, field)).ToList();
            if (numbers.TrueForAll(number => number is not null))
            {
                return string.Join(' ', numbers);
            }
        }

        return null;
    }

    private static List<long> Numbers(string value) =>
        [.. value.Split(' ').Select(field => long.TryParse(field, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : (long?)null).OfType<long>()];
}
