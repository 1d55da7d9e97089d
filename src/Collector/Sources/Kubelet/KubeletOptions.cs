using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sources.Kubelet;

public sealed class KubeletOptions
{
    public const string Section = "kubelet";

    /// <summary>This node's kubelet, as <c>https://10.0.0.5:10250</c>; it is not asked unless set.</summary>
    [Url, RegularExpression("^https://.*", ErrorMessage = "must begin with https://")]
    public string? Url { get; set; }

    /// <summary>PEM certificates of which one must have signed the kubelet's serving certificate, or be it; the system's own unless set. Read anew at each connection.</summary>
    [MinLength(1)]
    public string? CaFile { get; set; }

    /// <summary>The name that the serving certificate must have where it is not the URL's: a certificate that the kubelet made for itself names the host, not its address.</summary>
    [MinLength(1)]
    public string? ServerName { get; set; }

    /// <summary>The service account's token, which may get nodes/stats and nodes/metrics. Read anew at each request, because it is replaced every hour.</summary>
    [MinLength(1)]
    public string? TokenFile { get; set; }

    /// <summary>Time between two questions: 5 s to 5 min; 15 s unless set. The kubelet itself looks every 10 to 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:05:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one answer may take: 1 s to 1 min; 10 s unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class KubeletOptionsValidator : IValidateOptions<KubeletOptions>;
