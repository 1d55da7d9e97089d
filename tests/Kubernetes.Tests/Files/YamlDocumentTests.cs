using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Kubernetes.Tests.Files;

public sealed class YamlDocumentTests
{
    [Fact]
    public void Each_value_has_its_line()
    {
        var document = YamlDocument.Parse("f.yaml", "# first\na: 1\nb:\n  c: x\n  list:\n  - p: 1\n  - p: 2\n    q: [3,\n      4]\n");
        Assert.Equal(2, document.LineOf("a"));
        Assert.Equal(4, document.LineOf("b.c"));
        Assert.Equal(6, document.LineOf("b.list[0].p"));
        Assert.Equal(8, document.LineOf("b.list[1].q"));
        Assert.Equal(9, document.LineOf("b.list[1].q[1]"));
    }

    [Fact]
    public void What_is_not_written_has_the_line_of_its_nearest_parent()
    {
        var document = YamlDocument.Parse("f.yaml", "a: 1\nb:\n  c: x\n");
        Assert.Equal(2, document.LineOf("b.d.e"));
        Assert.Equal(1, document.LineOf("z"));
    }

    [Theory]
    [InlineData("5", "5")]
    [InlineData("-5", "-5")]
    [InlineData("0.5", "0.5")]
    [InlineData("true", "true")]
    [InlineData("~", "null")]
    [InlineData("'5'", "\"5\"")]
    [InlineData("\"true\"", "\"true\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("10s", "\"10s\"")]
    [InlineData("4096 131072", "\"4096 131072\"")]
    public void A_scalar_is_what_YAML_1_2_says(string yaml, string json) =>
        Assert.Equal(json, YamlDocument.Parse("f.yaml", $"a: {yaml}\n").Root["a"]?.ToJsonString() ?? "null");

    [Fact]
    public void An_empty_file_is_an_empty_mapping()
    {
        Assert.Empty(YamlDocument.Parse("f.yaml", "").Root);
        Assert.Empty(YamlDocument.Parse("f.yaml", "# nothing\n").Root);
        Assert.Empty(YamlDocument.Parse("f.yaml", "---\n").Root);
    }

    [Theory]
    [InlineData("a: 1\nb: [1, 2\nc: 3\n", 2, "not valid YAML")]
    [InlineData("a: 1\n\tb: 2\n", 2, "not valid YAML")]
    [InlineData("a: 1\nb: 2\na: 3\n", 3, "not valid YAML")]
    [InlineData("a: 1\n---\nb: 2\n", 3, "more than one document")]
    [InlineData("- 1\n- 2\n", 1, "must be a mapping")]
    [InlineData("just words\n", 1, "must be a mapping")]
    [InlineData("a: *x\n", 1, "not valid YAML")]
    [InlineData("a: &x\n- *x\n", 1, "nests deeper")]
    [InlineData("a: &x {c: 1}\n? *x\n: 2\n", 2, "a key must be")]
    [InlineData("a: &x 1\nb: {<<: *x}\n", 1, "must name a mapping")]
    [InlineData("[a, b]: 1\n", 1, "a key must be")]
    public void A_broken_file_is_told_with_its_line(string yaml, int line, string problem)
    {
        var fault = Assert.Throws<ObjectFileException>(() => YamlDocument.Parse("f.yaml", yaml));
        Assert.Equal(line, fault.Line);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith($"f.yaml:{line}:", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: &x {c: 1}\nb: *x\n", """{"a":{"c":1},"b":{"c":1}}""")]
    [InlineData("a: &x {c: 1, d: 2}\nb: {<<: *x, d: 3}\n", """{"a":{"c":1,"d":2},"b":{"d":3,"c":1}}""")]
    [InlineData("a: &x {c: 1}\nb: &y {c: 2, d: 3}\ne: {<<: [*x, *y]}\n", """{"a":{"c":1},"b":{"c":2,"d":3},"e":{"c":1,"d":3}}""")]
    public void An_alias_stands_for_what_it_names(string yaml, string json) => Assert.Equal(json, YamlDocument.Parse("f.yaml", yaml).Root.ToJsonString());

    [Fact]
    public void A_few_lines_that_would_make_gigabytes_are_refused()
    {
        var lines = Enumerable.Range(1, 30).Select(static i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        Assert.Contains("aliases make more", Assert.Throws<ObjectFileException>(() => YamlDocument.Parse("f.yaml", $"a0: &a0 x\n{string.Join('\n', lines)}\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_nests_without_end_is_refused() =>
        Assert.Contains("nests deeper", Assert.Throws<ObjectFileException>(() => YamlDocument.Parse("f.yaml", "a: " + new string('[', 100_000))).Message, StringComparison.Ordinal);

    [Fact]
    public void Whatever_the_input_it_is_read_or_refused()
    {
        var random = new Random(7);
        const string Letters = "ab:-[]{}'\"#&*!|>%@`,?~ \n\n  \t1.\u00e9\0";
        for (var i = 0; i < 3000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => Letters[random.Next(Letters.Length)])]);
            try
            {
                _ = YamlDocument.Parse("f.yaml", text);
            }
            catch (ObjectFileException)
            {
                // refused
            }
        }
    }

    [Fact]
    public void Every_text_is_read_back_as_it_was_written()
    {
        var random = new Random(3);
        const string Letters = "ab:-[]{}'\"#&*!|>%@`,?~ \n\t1.0e+\u00e9\u2028\ud83d";
        string[] known = ["", " ", "1", "-1", "+5", "1e5", ".5", "0x10", "1_000", "true", "True", "null", "~", "NULL", "- a", "a: b", "#a", "a #b", "@a", "%a", "...", "---", "a\nb", "a\n", "\n", "'", "\"", "\\", "\t", "é", "😀", "2026-01-01T00:00:00Z", "12:30", "=", "<<", "?"];
        var generated = Enumerable.Range(0, 2000).Select(_ => new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => Letters[random.Next(Letters.Length - 1)])]));
        foreach (var text in known.Concat(generated))
        {
            var yaml = YamlDocument.Format(new JsonObject { ["a"] = text, ["list"] = new JsonArray(text, "x") });
            var back = YamlDocument.Parse("f.yaml", yaml).Root;
            Assert.Equal(text, (string?)back["a"]);
            Assert.Equal(text, (string?)back["list"]![0]);
        }
    }

    [Fact]
    public void Numbers_flags_absences_and_empty_lists_are_read_back()
    {
        const string Json = """{"a":1,"b":-2.5,"c":true,"d":null,"e":[],"f":{},"g":{"h":[{"i":1},{"i":2}]}}""";
        Assert.Equal(Json, YamlDocument.Parse("f.yaml", YamlDocument.Format(JsonNode.Parse(Json))).Root.ToJsonString());
    }
}
