using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sources.Kubelet;

public sealed class KubeletOptions
{
    public const string Section = "kubelet";

    private const string Scheme = "https://";

    /// <summary>This node's kubelet, as <c>https://10.0.0.5:10250</c> or <c>https://[fd00::5]:10250</c>, also without the brackets; it is not asked unless set.</summary>
    [KubeletUrl]
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

    /// <returns><see langword="null"/> where the text is no URL of a kubelet.</returns>
    internal static Uri? Address(string url)
    {
        // Kubernetes tells a pod its node's IPv6 address without brackets, and a manifest cannot add them only where they are needed.
        var (host, port) = url.StartsWith(Scheme, StringComparison.Ordinal) && url.LastIndexOf(':') is var colon && colon > Scheme.Length ? (url[Scheme.Length..colon], url[colon..]) : ("", "");
        var isBare = !host.StartsWith('[') && IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        return Uri.TryCreate(isBare ? $"{Scheme}[{host}]{port}" : url, UriKind.Absolute, out var found) && found.Scheme == Uri.UriSchemeHttps ? found : null;
    }
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class KubeletUrlAttribute() : ValidationAttribute("must be an address that begins with https://, as https://10.0.0.5:10250 or https://[fd00::5]:10250")
{
    public override bool IsValid(object? value) => value is null || (value is string url && KubeletOptions.Address(url) is not null);
}

[OptionsValidator]
internal sealed partial class KubeletOptionsValidator : IValidateOptions<KubeletOptions>;
