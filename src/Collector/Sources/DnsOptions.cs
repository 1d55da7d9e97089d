using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sources;

/// <summary>Whose packets are looked at for DNS. A hook for packets costs each of them, TCP's too.</summary>
public enum DnsScope
{
    /// <summary>Of control groups that talk to port 53, from their first time on, which itself may be missed.</summary>
    Askers,

    /// <summary>Of the whole node, from the first one on.</summary>
    Node,

    /// <summary>Nobody's: there is no DNS source.</summary>
    Off,
}

public sealed class DnsOptions
{
    public const string Section = "dns";

    /// <summary>Whose packets are looked at: Askers unless set; Node or Off.</summary>
    [EnumDataType(typeof(DnsScope))]
    public DnsScope Scope { get; set; } = DnsScope.Askers;

    /// <summary>After how long a query counts as unanswered: 1 s to 1 min; 5 s unless set, as resolv.conf(5) has it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class DnsOptionsValidator : IValidateOptions<DnsOptions>;
