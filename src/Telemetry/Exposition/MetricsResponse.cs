using System.Collections.Immutable;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace NetPulse.Telemetry.Exposition;

/// <summary>The answer to a scrape.</summary>
public static class MetricsResponse
{
    /// <summary>Writes the metrics in the format that the scraper prefers, compressed with gzip if it takes that.</summary>
    public static async Task WriteMetricsAsync(this HttpContext context, ImmutableArray<MetricFamily> families)
    {
        var format = Negotiate(context.Request);
        context.Response.ContentType = OpenMetricsWriter.ContentType(format);
        context.Response.Headers.Vary = "Accept, Accept-Encoding";
        if (!TakesGzip(context.Request))
        {
            OpenMetricsWriter.Write(context.Response.BodyWriter, families, format);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            return;
        }

        context.Response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        var text = PipeWriter.Create(gzip, new StreamPipeWriterOptions(leaveOpen: true));
        OpenMetricsWriter.Write(text, families, format);
        await text.CompleteAsync();
    }

    private static bool TakesGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(accepted => accepted.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && accepted.Quality is not 0);

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
