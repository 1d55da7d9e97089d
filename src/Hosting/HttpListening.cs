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
    /// <summary>Address and port, as <c>127.0.0.1:9470</c>; each service says its own default; port 0 takes a free one.</summary>
    [ListenAddress]
    public string Listen { get; set; } = "";

    internal IPEndPoint EndPoint => IPEndPoint.Parse(Listen);
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
    /// <summary>Listens where <c>http.listen</c> says; an address in use refuses the start and names the setting.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="defaultAddress">Where it listens unless set.</param>
    public static WebApplicationBuilder ListenOnHttp(this WebApplicationBuilder builder, string defaultAddress)
    {
        builder.Services.AddOptions<HttpOptions>().Configure(options => options.Listen = defaultAddress);
        builder.Services.AddSettings<HttpOptions, HttpOptionsValidator>("http");
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static (_, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(kestrel.ApplicationServices.GetRequiredService<IOptions<HttpOptions>>().Value.EndPoint);
        });

        // Kestrel would say which address is in use, but not which setting names it.
        builder.Services.Configure<SocketTransportOptions>(static transport => transport.CreateBoundListenSocket = static endpoint =>
        {
            try
            {
                return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            }
            catch (SocketException e)
            {
                throw new StartRefusedException($"Cannot listen on {endpoint} (http.listen): {e.Message}; set another address or port", e);
            }
        });
        return builder;
    }
}
