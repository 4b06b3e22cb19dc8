* How many crews of five sorts to hire: wages (to pay) against work done (to gain), two N rows.
* Whole numbers without upper bounds but those that HOURS and BEDS imply; numbers chosen by hand.
* The right-hand side of WAGES is minus its constant: 12.5 is paid whoever is hired.
* nondominated 22.75 13, 23.5 14, 24.25 15, 25 16, 25.75 18, 26.5 19, 27.25 20
* nondominated 28 21, 28.75 22, 29.5 24, 30.25 25, 31 26, 31.75 27, 32.5 28
* nondominated 33.25 30, 34 31, 34.75 32, 35.5 33, 36.25 34, 37 36, 37.75 37
* nondominated 38.5 38, 39.25 39, 40 40, 40.75 41, 41.5 42, 42.25 43, 43 44
* nondominated 44 45, 44.75 46, 45.5 47, 46.25 48, 47 49, 47.75 50, 49.5 52
* nondominated 50.25 53, 51 54, 51.75 55, 53.5 56, 54.25 57, 55 58, 55.75 60
NAME          crews-two-rows
ROWS
 N  WAGES
 N  WORK
 L  HOURS
 L  BEDS
 G  SKILL
 E  TRUCKS
OBJSENSES
    WORK      MAX
COLUMNS
    MARKER    MARKER    'INTORG'
    masons    WAGES     4.5        WORK      7
    masons    HOURS     6          BEDS      1
    masons    SKILL     2
    joiners   WAGES     3.75       WORK      6
    joiners   HOURS     5          BEDS      1
    joiners   SKILL     1.5
    helpers   WAGES     1.5        WORK      2
    helpers   HOURS     4          BEDS      0.5
    night     WAGES     6.25       WORK      8
    night     HOURS     3          SKILL     1
    vans      WAGES     2          TRUCKS    1
    spare     TRUCKS    -1         HOURS     2
    MARKER    MARKER    'INTEND'
RHS
    RHS       WAGES     -12.5
    RHS       HOURS     41         BEDS      6.5
    RHS       SKILL     3.2        TRUCKS    1
RANGES
    RNG       SKILL     9
BOUNDS
 UP BND       night     3
 UP BND       vans      2.5
ENDATA
