using Microsoft.Extensions.Options;
using NetPulse.Collector.Sampling;
using NetPulse.Hosting;
using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Export;

/// <summary><c>/metrics</c> for Prometheus, <c>/healthz</c> and <c>/readyz</c> for the kubelet.</summary>
internal static class MetricsEndpoint
{
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

            await context.WriteMetricsAsync(reading.Families);
        }).WithMetadata(AccessRule.Metrics);
        app.MapGet("/healthz", static (LatestReading latest, IOptions<SamplingOptions> options, TimeProvider time) =>
            latest.Value is { } reading && time.GetUtcNow() - reading.At > 6 * options.Value.Interval
                ? Results.Text($"The last reading is of {reading.At:O}.\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ok\n")).WithMetadata(AccessRule.Open);

        // What a role lacks shows on the pod, as no object tells of a collector.
        app.MapGet("/readyz", static (LatestReading latest, HttpContext context) =>
            (latest.Value is null ? "The first reading has not ended yet." : context.RequestServices.GetService<RoleWatch>()?.Problem) is { Length: > 0 } problem
                ? Results.Text($"{problem}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ok\n")).WithMetadata(AccessRule.Open);
    }
}
