using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Tests.Series;

public sealed class LabelPatternTests
{
    [Theory]
    [InlineData("a|b|cd", "cd", true)]
    [InlineData("a|b|cd", "c", false)]
    [InlineData("(a|b)", "b", true)]
    [InlineData("", "", true)]
    [InlineData("", "x", false)]
    [InlineData("a|", "", true)]
    [InlineData(@"10\.0\.0\.1", "10.0.0.1", true)]
    [InlineData(@"10\.0\.0\.1", "10x0x0x1", false)]
    [InlineData("web-.*", "web-1", true)]
    [InlineData("web-.*", "a web-1", false)]
    [InlineData("eb", "web", false)]
    [InlineData("a.c", "a\nc", true)]
    [InlineData("abc$", "abc\n", false)]
    [InlineData("^abc$", "abc", true)]
    [InlineData(@"\d+", "12", true)]
    [InlineData(@"\d+", "١٢", false)]
    [InlineData(@"\w+", "aß", false)]
    [InlineData(@"[\D]+", "ab", true)]
    [InlineData(@"[\D]+", "a1", false)]
    [InlineData(@"[\W_]", "_", true)]
    [InlineData(@"[\S]", " ", false)]
    [InlineData("[[:alpha:]]+[[:digit:]]", "ab1", true)]
    [InlineData("[]a]+", "]a", true)]
    [InlineData("[a[]+", "a[", true)]
    [InlineData("[^a]", "b", true)]
    [InlineData("(?i)WEB", "web", true)]
    [InlineData("(?i:W)eb", "web", true)]
    [InlineData("(?P<x>a)b", "ab", true)]
    [InlineData(@"\Qa.b\E+", "a.bb", true)]
    [InlineData(@"\x41\x{42}", "AB", true)]
    [InlineData(@"\p{Lu}\pL", "Ab", true)]
    [InlineData("a{2,3}", "aaa", true)]
    [InlineData("a{2,3}", "a", false)]
    [InlineData("a{,3}", "a{,3}", true)]
    [InlineData("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false)]
    public void A_pattern_matches_the_whole_value_as_RE2_would(string pattern, string value, bool matches) =>
        Assert.Equal(matches, LabelPattern.Parse(pattern).Matches(value));

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("[a")]
    [InlineData("*")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)")]
    [InlineData("(?<!a)b")]
    [InlineData("(?>a)")]
    [InlineData(@"a\")]
    [InlineData(@"\y")]
    [InlineData("a{1001}")]
    [InlineData("((a{100}){100}){100}")]
    [InlineData("a{999999999999}")]
    [InlineData("[b-a]")]
    public void What_RE2_does_not_have_is_refused_with_the_pattern(string pattern) =>
        Assert.Contains(pattern, Assert.Throws<FormatException>(() => LabelPattern.Parse(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void Whatever_the_text_it_throws_FormatException_or_nothing()
    {
        const string Alphabet = @"ab1\()[]{}|*+?^$.:-,dDwWsSpPQEx<>=!P i";
        var random = new Random(11);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            try
            {
                LabelPattern.Parse(text).Matches("ab1");
            }
            catch (FormatException)
            {
                // this is the answer to what is no pattern
            }
        }
    }

    [Fact]
    public void A_list_of_texts_is_looked_up() => Assert.Equal(["a", "b.c"], LabelPattern.Parse(@"a|b\.c").Literals!.Order());
}
