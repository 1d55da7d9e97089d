using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace NetPulse.Telemetry.Exposition;

/// <summary>The answer to a scrape.</summary>
public static class MetricsResponse
{
    /// <summary>Writes the metrics in the format that the scraper prefers.</summary>
    public static async Task WriteMetricsAsync(this HttpContext context, ImmutableArray<MetricFamily> families)
    {
        var format = Negotiate(context.Request);
        context.Response.ContentType = OpenMetricsWriter.ContentType(format);
        OpenMetricsWriter.Write(context.Response.BodyWriter, families, format);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
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
