using System.Net.Mime;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Web;

/// <summary>The page's three files, carried inside the assembly.</summary>
internal static class PageFiles
{
    private static readonly (string Route, string File, string MediaType)[] Files =
    [
        ("/", "index.html", $"{MediaTypeNames.Text.Html}; charset=utf-8"),
        ("/page.css", "page.css", $"{MediaTypeNames.Text.Css}; charset=utf-8"),
        ("/page.js", "page.js", $"{MediaTypeNames.Text.JavaScript}; charset=utf-8"),
    ];

    public static void MapPage(this IEndpointRouteBuilder endpoints)
    {
        foreach (var (route, file, mediaType) in Files)
        {
            var content = Read(file);
            endpoints.MapGet(route, context =>
            {
                // What a series or an object is named must never become script on this page.
                context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'";
                context.Response.Headers.XContentTypeOptions = "nosniff";
                context.Response.ContentType = mediaType;
                return context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask();
            }).WithMetadata(AccessRule.Open);
        }
    }

    private static byte[] Read(string file)
    {
        using var resource = typeof(PageFiles).Assembly.GetManifestResourceStream($"NetPulse.Optimizer.Web.Page.{file}")!;
        var content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }
}
