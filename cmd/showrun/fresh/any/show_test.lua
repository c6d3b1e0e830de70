-- Tests of the show, in virtual time: showrun test

test("eight bars pass", function(t)
  t:advance("32b")
end)
