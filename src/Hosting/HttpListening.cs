using System.ComponentModel.DataAnnotations;
using System.Net;
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

    /// <summary>Address and port, as <c>127.0.0.1:9470</c>; each service says its own default; port 0 takes a free one.</summary>
    [ListenAddress]
    public string Listen { get; set; } = "";
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class ListenAddressAttribute() : ValidationAttribute("The field {0} must be an address and a port, as 127.0.0.1:9470 or [::]:9470.")
{
    public override bool IsValid(object? value) => value is string text && text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out _);
}

[OptionsValidator]
internal sealed partial class HttpOptionsValidator : IValidateOptions<HttpOptions>;

public static class HttpListening
{
    /// <summary>Takes the address that <c>http.listen</c> names at once, so that one in use ends the start before anything runs.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="defaultAddress">Where it listens unless set.</param>
    /// <exception cref="StartRefusedException">The address is in use, or may not be used.</exception>
    public static void ListenOnHttp(this WebApplicationBuilder builder, string defaultAddress)
    {
        builder.Services.AddOptions<HttpOptions>().Configure(options => options.Listen = defaultAddress);
        builder.Services.AddSettings<HttpOptions, HttpOptionsValidator>(HttpOptions.Section);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        if (!IPEndPoint.TryParse(builder.Configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] ?? defaultAddress, out var endpoint))
        {
            // The check of the settings, which comes next, says so with file and line.
            return;
        }

        var socket = Bind(endpoint);
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = _ => socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endpoint);
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
