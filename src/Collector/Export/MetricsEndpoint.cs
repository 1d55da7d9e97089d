using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Sampling;
using NetPulse.Hosting;

namespace NetPulse.Collector.Export;

/// <summary><c>/metrics</c> for Prometheus, <c>/healthz</c> and <c>/readyz</c> for the kubelet.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Takes the port at once, so that a port in use ends the start before anything runs.</summary>
    /// <exception cref="StartRefusedException">The port is in use, or may not be used.</exception>
    internal static void AddMetricsEndpoint(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<HttpOptions, HttpOptionsValidator>(HttpOptions.Section);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        var listen = builder.Configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] ?? new HttpOptions().Listen;
        if (!IPEndPoint.TryParse(listen, out var endpoint))
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

    internal static void MapMetrics(this WebApplication app)
    {
        app.MapGet("/metrics", static async (HttpContext context, LatestReading latest) =>
        {
            if (latest.Value is not { } reading)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                await context.Response.WriteAsync("The first reading has not ended yet.\n", context.RequestAborted);
                return;
            }

            var format = Negotiate(context.Request);
            context.Response.ContentType = OpenMetricsWriter.ContentType(format);
            OpenMetricsWriter.Write(context.Response.BodyWriter, reading, format);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        });
        app.MapGet("/healthz", static (LatestReading latest, IOptions<SamplingOptions> options, TimeProvider time) =>
            latest.Value is { } reading && time.GetUtcNow() - reading.At > 6 * options.Value.Interval
                ? Results.Text($"The last reading is of {reading.At:O}.\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ok\n"));
        app.MapGet("/readyz", static (LatestReading latest) =>
            latest.Value is null
                ? Results.Text("The first reading has not ended yet.\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ok\n"));
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

    /// <summary>OpenMetrics where it is asked for at least as much as plain text.</summary>
    private static ExpositionFormat Negotiate(HttpRequest request)
    {
        var openMetrics = 0.0;
        var text = 0.0;
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            var quality = accepted.Quality ?? 1;
            if (accepted.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase))
            {
                openMetrics = Math.Max(openMetrics, quality);
            }
            else if (accepted.MatchesMediaType("text/plain"))
            {
                text = Math.Max(text, quality);
            }
        }

        return openMetrics > 0 && openMetrics >= text ? ExpositionFormat.OpenMetrics : ExpositionFormat.PrometheusText;
    }
}
