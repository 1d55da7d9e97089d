using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace NetPulse.Hosting;

/// <summary>The section <c>http</c> of a service's settings.</summary>
public sealed class HttpOptions
{
    public const string Section = "http";

    /// <summary>Address and port, as <c>127.0.0.1:9470</c>; <c>[::]:9470</c> is every address, of IPv4 as well, and of IPv4 alone where there is no IPv6. Each service says its own default; port 0 takes a free one.</summary>
    [ListenAddress]
    public string Listen { get; set; } = "";

    /// <summary>PEM file of the certificate, and those between it and the authority; with it, only TLS is spoken. Read again when it is replaced.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>PEM file of its key; may be the same file.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>Who may ask: <c>None</c> asks nobody, <c>Kubernetes</c> demands the token of a user whose roles allow it. Each service says its own default.</summary>
    public HttpAuthorization Authorization { get; set; }

    /// <summary>Where nobody is asked who he is: names by which this service may be asked, as a proxy before it passes them on, besides addresses, <c>localhost</c> and this machine's own name. None unless set: then who comes from elsewhere may use any.</summary>
    [HostNames]
    public IList<string> AllowedHosts { get; set; } = [];

    /// <summary>From one address, with twice as many at once: 1 to 100000; 200 unless set. More are refused with 429.</summary>
    [Range(1, 100_000)]
    public int RequestsPerSecond { get; set; } = 200;

    /// <summary>Open at once: 1 to 100000; 2000 unless set. More are closed.</summary>
    [Range(1, 100_000)]
    public int MaxConnections { get; set; } = 2000;

    /// <summary>Of one request's body, in bytes, where the endpoint has no limit of its own: 1 KiB to 1 GiB; 4 MiB unless set.</summary>
    [Range(1 << 10, 1 << 30)]
    public int MaxBodyBytes { get; set; } = 4 << 20;
}

/// <summary>Who may ask a service.</summary>
public enum HttpAuthorization
{
    /// <summary>Whoever reaches the address.</summary>
    None,

    /// <summary>Users of the cluster whose roles allow it, by their tokens (TokenReview, SubjectAccessReview).</summary>
    Kubernetes,
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class ListenAddressAttribute() : ValidationAttribute("The field {0} must be an address and a port, as 127.0.0.1:9470 or [::]:9470.")
{
    public override bool IsValid(object? value) => value is string text && text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out _);
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class HostNamesAttribute() : ValidationAttribute("The field {0} must be names without a port, as netpulse.example.org.")
{
    public override bool IsValid(object? value) => value is IList<string> names && names.All(static name => Uri.CheckHostName(name) == UriHostNameType.Dns);
}

[OptionsValidator]
internal sealed partial class HttpOptionsValidator : IValidateOptions<HttpOptions>;

public static class HttpListening
{
    /// <summary>Takes the address that <c>http.listen</c> names at once, so that one in use ends the start before anything runs.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="defaultAddress">Where it listens unless set.</param>
    /// <param name="defaultAuthorization">Who may ask unless set.</param>
    /// <exception cref="StartRefusedException">The address is in use, or may not be used; or the certificate cannot be.</exception>
    public static void ListenOnHttp(this WebApplicationBuilder builder, string defaultAddress, HttpAuthorization defaultAuthorization = HttpAuthorization.None)
    {
        builder.Services.AddOptions<HttpOptions>().Configure(options => (options.Listen, options.Authorization) = (defaultAddress, defaultAuthorization));
        builder.Services.AddSettings<HttpOptions, HttpOptionsValidator>(HttpOptions.Section);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        if (!IPEndPoint.TryParse(builder.Configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] ?? defaultAddress, out var endpoint))
        {
            // The check of the settings, which comes next, says so with file and line.
            return;
        }

        // A kernel without IPv6 (ipv6.disable=1) has no such sockets.
        endpoint = endpoint.Address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6 ? new IPEndPoint(IPAddress.Any, endpoint.Port) : endpoint;
        var section = builder.Configuration.GetSection(HttpOptions.Section);
        var (certificateFile, keyFile) = (section[nameof(HttpOptions.CertificateFile)] ?? "", section[nameof(HttpOptions.KeyFile)] ?? "");
        if (certificateFile.Length > 0)
        {
            // Made here, so that files that are no certificate end the start.
            var made = new ServerCertificate(certificateFile, keyFile.Length > 0 ? keyFile : certificateFile, TimeProvider.System);
            builder.Services.AddSingleton(_ => made);
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        var socket = Bind(endpoint);
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = _ => socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<HttpOptions>>().Value;
            (kestrel.Limits.MaxConcurrentConnections, kestrel.Limits.MaxRequestBodySize) = (options.MaxConnections, options.MaxBodyBytes);
            kestrel.Listen(endpoint, listen =>
            {
                if (kestrel.ApplicationServices.GetService<ServerCertificate>() is { } certificate)
                {
                    listen.UseHttps(
                        static (_, _, shown, _) => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = ((ServerCertificate)shown!).Current() }), certificate);
                }
            });
        });
    }

    private static Socket Bind(IPEndPoint endpoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException e)
        {
            throw new StartRefusedException($"Cannot listen on {endpoint} (http.listen): {e.Message}; set another address or port", e);
        }
    }
}
